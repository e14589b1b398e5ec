#include "collect/json_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

namespace millrace::collect {

namespace json = boost::json;

namespace {

constexpr const char* blanks = " \t\r\n";
constexpr std::size_t deepest = 1'000'000;
constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

/// Hears of all that a text has, and keeps nothing.
struct Nothing {
    static constexpr std::size_t max_object_size = no_limit;
    static constexpr std::size_t max_array_size = no_limit;
    static constexpr std::size_t max_key_size = no_limit;
    static constexpr std::size_t max_string_size = no_limit;

    using Error = boost::system::error_code;
    static bool on_document_begin(Error&) { return true; }
    static bool on_document_end(Error&) { return true; }
    static bool on_object_begin(Error&) { return true; }
    static bool on_object_end(std::size_t, Error&) { return true; }
    static bool on_array_begin(Error&) { return true; }
    static bool on_array_end(std::size_t, Error&) { return true; }
    static bool on_key_part(json::string_view, std::size_t, Error&) { return true; }
    static bool on_key(json::string_view, std::size_t, Error&) { return true; }
    static bool on_string_part(json::string_view, std::size_t, Error&) { return true; }
    static bool on_string(json::string_view, std::size_t, Error&) { return true; }
    static bool on_number_part(json::string_view, Error&) { return true; }
    static bool on_int64(std::int64_t, json::string_view, Error&) { return true; }
    static bool on_uint64(std::uint64_t, json::string_view, Error&) { return true; }
    static bool on_double(double, json::string_view, Error&) { return true; }
    static bool on_bool(bool, Error&) { return true; }
    static bool on_null(Error&) { return true; }
    static bool on_comment_part(json::string_view, Error&) { return true; }
    static bool on_comment(json::string_view, Error&) { return true; }
};

/// Goes through a text value by value.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    /// The character that is next, after blanks; 0 at the end.
    char peek() {
        at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    [[nodiscard]] std::size_t at() const { return at_; }
    void skip() { ++at_; }

    /// The value that is next.
    std::string_view value(boost::system::error_code& error) {
        json::parse_options options;
        options.max_depth = deepest;
        json::basic_parser<Nothing> parser(options);
        const std::string_view rest = text_.substr(at_);
        const std::size_t size = parser.write_some(false, rest.data(), rest.size(), error);
        at_ += size;
        return rest.substr(0, rest.substr(0, size).find_last_not_of(blanks) + 1);
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<std::string_view> json_values(std::string_view text, std::string& error) {
    Reader reader(text);
    std::vector<std::string_view> found;
    const bool is_array = reader.peek() == '[';
    if (is_array) reader.skip();
    const auto at = [&](std::string_view what) {
        error = fmt::format("value {}, at byte {}: {}", found.size(), reader.at(), what);
        return found;
    };
    for (bool first = true;; first = false) {
        const char next = reader.peek();
        if (is_array && next == ']' && first) break;
        if (!is_array && next == '\0') return found;
        boost::system::error_code failed;
        const std::string_view value = reader.value(failed);
        if (failed) return at(failed.message());
        found.push_back(value);
        if (!is_array) continue;
        const char separator = reader.peek();
        if (separator == ']') break;
        if (separator != ',') return at("neither a comma nor the array's end follows");
        reader.skip();
    }
    reader.skip();
    if (reader.peek() != '\0') return at("something follows the array");
    return found;
}

}  // namespace millrace::collect
