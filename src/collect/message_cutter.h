#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::collect {

/// Cuts a body into the JSON values that it holds: the elements of one array, or values that follow each
/// other (one object, or NDJSON). Looks at brackets, quotes and commas only, in one pass and without
/// recursion, so its cost follows from the body's size whatever is in it; whether a value is JSON is for
/// others to say.
class MessageCutter {
  public:
    /// `body` must outlive the cutter.
    explicit MessageCutter(std::string_view body);

    /// The next value as it stands in the body, without the blanks around it; nothing at the end. Throws
    /// BadBody where values can't be told apart.
    std::optional<std::string_view> next();

    /// Whether the body holds nothing but blanks.
    [[nodiscard]] bool is_empty() const { return !is_array_ && count_ == 0 && at_ == body_.size(); }
    /// How many values were cut, and where the last one begins.
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
    bool ended_ = false;  // the array's bracket was read
};

}  // namespace millrace::collect
