#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::collect {

/// Cuts a body into its messages: the elements of one array, or values that follow each other (one object, or
/// NDJSON). It only finds where values end (json_text.h), so a message that is not JSON is a message all the
/// same, and the ones beside it are not affected. Skips a byte order mark. Not thread-safe.
class MessageCutter {
  public:
    /// `body` must outlive the cutter. Throws BadBody if it begins with neither an object nor an array.
    explicit MessageCutter(std::string_view body);

    /// Returns the next message as it is in the body, without the blanks around it, or nullopt at the end.
    /// Throws BadBody if messages cannot be told apart.
    std::optional<std::string_view> next();

    /// Return the number of messages so far, and the position of the last one in bytes.
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t position() const { return position_; }

  private:
    void expect_separator();
    [[noreturn]] void refuse(std::size_t position, std::string_view what) const;

    const std::string_view body_;
    std::size_t at_ = 0;
    std::size_t position_ = 0;
    std::size_t count_ = 0;
    bool is_array_ = false;
    bool ended_ = false;  // whether the array's closing bracket was read
};

}  // namespace millrace::collect
