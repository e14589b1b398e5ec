#include "silver/message/json_escape.h"

#include <charconv>
#include <cstring>

namespace millrace::silver {

namespace {

/// Returns the value of four hexadecimal digits, or -1.
int hex4(const char* from) {
    int value = 0;
    const auto [end, error] = std::from_chars(from, from + 4, value, 16);
    return error == std::errc() && end == from + 4 && *from != '-' ? value : -1;
}

bool is_high_surrogate(int unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(int unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

char* write_utf8(char* to, unsigned point) {
    const auto put = [&](unsigned byte) { *to++ = static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | point >> 6U);
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | point >> 12U);
        put(0x80 | (point >> 6U & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | point >> 18U);
        put(0x80 | (point >> 12U & 0x3F));
        put(0x80 | (point >> 6U & 0x3F));
        put(0x80 | (point & 0x3F));
    }
    return to;
}

}  // namespace

const char* end_of_json_escape(const char* from) {
    if (from[1] != 'u') {
        const bool known = from[1] != '\0' && std::strchr("\"\\/bfnrt", from[1]) != nullptr;
        return known ? from + 2 : nullptr;
    }
    const int unit = hex4(from + 2);
    if (unit < 0 || is_low_surrogate(unit)) return nullptr;
    if (!is_high_surrogate(unit)) return from + 6;
    const bool paired = from[6] == '\\' && from[7] == 'u' && is_low_surrogate(hex4(from + 8));
    return paired ? from + 12 : nullptr;
}

std::string_view unescape_json(std::string_view text, TextArena& arena) {
    char* to = arena.begin(text.size());
    for (const char* from = text.data(); from < text.data() + text.size();) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        if (from[1] != 'u') {
            constexpr std::string_view written = "bfnrt";
            constexpr std::string_view meant = "\b\f\n\r\t";
            const std::size_t which = written.find(from[1]);
            *to++ = which == std::string_view::npos ? from[1] : meant[which];
            from += 2;
            continue;
        }
        auto point = static_cast<unsigned>(hex4(from + 2));
        from += 6;
        if (is_high_surrogate(static_cast<int>(point))) {
            point = 0x10000 + ((point - 0xD800) << 10U) + static_cast<unsigned>(hex4(from + 2) - 0xDC00);
            from += 6;
        }
        to = write_utf8(to, point);
    }
    return arena.finish(to);
}

}  // namespace millrace::silver
