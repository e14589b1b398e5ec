#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::collect {

/// Cuts a body into its JSON values: the elements of one array, or values that follow each other (one object,
/// or NDJSON). It looks only at brackets, quotes and commas, in one pass and without recursion, so the time
/// is proportional to the body's size, whatever the content. It does not check whether a value is JSON. Skips
/// a byte order mark. Not thread-safe.
class MessageCutter {
  public:
    /// `body` must outlive the cutter.
    explicit MessageCutter(std::string_view body);

    /// Returns the next value as it is in the body, without the blanks around it, or nullopt at the end.
    /// Throws BadBody if values cannot be told apart.
    std::optional<std::string_view> next();

    /// Returns whether the body holds only blanks.
    [[nodiscard]] bool is_empty() const { return !is_array_ && count_ == 0 && at_ == body_.size(); }
    /// Return the number of values so far, and the position of the last one in bytes.
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t position() const { return position_; }

  private:
    void skip_blanks();
    void expect_separator();
    [[nodiscard]] std::size_t end_of_value() const;
    [[nodiscard]] std::size_t end_of_string(std::size_t from) const;
    [[nodiscard]] std::size_t end_of_nested(std::size_t from) const;
    [[noreturn]] void refuse(std::size_t position, std::string_view what) const;

    const std::string_view body_;
    std::size_t at_ = 0;
    std::size_t position_ = 0;
    std::size_t count_ = 0;
    bool is_array_ = false;
    bool ended_ = false;  // whether the array's closing bracket was read
};

}  // namespace millrace::collect
