#include "silver/message/query_string.h"

#include <algorithm>
#include <charconv>

namespace millrace::silver {

std::optional<std::pair<std::string_view, std::string_view>> QueryString::next() {
    while (!rest_.empty()) {
        const std::size_t end = rest_.find('&');
        const std::string_view part = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) return std::pair(part, std::string_view());
        return std::pair(part.substr(0, equals), part.substr(equals + 1));
    }
    return std::nullopt;
}

std::string_view query_of(std::string_view url) {
    const std::size_t mark = url.find('?');
    if (mark == std::string_view::npos || url.substr(0, mark).find('#') != std::string_view::npos) return {};
    const std::string_view query = url.substr(mark + 1);
    return query.substr(0, query.find('#'));
}

std::string_view decode_percent(std::string_view text, TextArena& arena) {
    if (std::ranges::none_of(text, [](char c) { return c == '%' || c == '+'; })) return text;
    char* to = arena.begin(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const char* const from = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(from, from + 2, byte, 16).ptr == from + 2) {
            *to++ = static_cast<char>(byte);
            i += 2;
        } else {
            *to++ = text[i] == '+' ? ' ' : text[i];
        }
    }
    return arena.finish(to);
}

}  // namespace millrace::silver
