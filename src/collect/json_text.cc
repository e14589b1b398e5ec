#include "collect/json_text.h"

#include <algorithm>

namespace millrace::collect {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view ends_of_scalar = " \t\r\n,[]{}\"";

/// `from` is the position of an opening bracket.
std::size_t end_of_nested(std::string_view text, std::size_t from) {
    std::size_t depth = 0;
    for (std::size_t at = from; at < text.size(); ++at) {
        switch (text[at]) {
            case '"':
                at = end_of_string(text, at);
                if (at == std::string_view::npos) return at;
                --at;
                break;
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (--depth == 0) return at + 1;
                break;
            default:
                break;
        }
    }
    return std::string_view::npos;
}

}  // namespace

std::size_t skip_blanks(std::string_view text, std::size_t from) {
    return std::min(text.find_first_not_of(blanks, from), text.size());
}

std::size_t begin_of_json(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    return skip_blanks(text, text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
}

std::size_t end_of_string(std::string_view text, std::size_t from) {
    for (std::size_t at = text.find_first_of("\"\\", from + 1); at != std::string_view::npos;
         at = text.find_first_of("\"\\", at + 2)) {
        if (text[at] == '"') return at + 1;
    }
    return std::string_view::npos;
}

std::size_t end_of_value(std::string_view text, std::size_t from) {
    if (from >= text.size()) return std::string_view::npos;
    const char first = text[from];
    if (first == '{' || first == '[') return end_of_nested(text, from);
    if (first == '"') return end_of_string(text, from);
    return std::min(text.find_first_of(ends_of_scalar, from + 1), text.size());
}

}  // namespace millrace::collect
