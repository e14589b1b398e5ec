#include "silver/type_text.h"

#include <fmt/format.h>
#include <utf8proc.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace millrace::silver {

namespace {

constexpr std::string_view hive_null = "__HIVE_DEFAULT_PARTITION__";
constexpr std::size_t hash_characters = 9;  // a `_` and eight digits

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// Removes the first character of a UTF-8 text, and returns its code point, or -1 if it is not UTF-8.
std::int32_t take_character(std::string_view& text) {
    std::int32_t point = -1;
    const auto size = utf8proc_iterate(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &point);
    text.remove_prefix(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(size, 1)));
    return point;
}

bool is_letter_mark_or_digit(std::int32_t point) {
    const auto category = utf8proc_category(point);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool may_be_in_type(std::int32_t point) {
    return point >= 0 && (point == '_' || point == '.' || point == '-' || is_letter_mark_or_digit(point));
}

/// Returns the number of characters, or 0 if one of them may not be in a type.
std::size_t type_characters(std::string_view type) {
    std::size_t count = 0;
    for (; !type.empty(); ++count) {
        if (!may_be_in_type(take_character(type))) return 0;
    }
    return count;
}

std::string normal_form(std::string_view text) {
    std::uint8_t* composed = nullptr;
    const auto size = utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &composed,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<std::uint8_t, decltype(&std::free)> owner(composed, &std::free);
    return size < 0 ? std::string()
                    : std::string(reinterpret_cast<const char*>(composed), static_cast<std::size_t>(size));
}

}  // namespace

std::string normal_type(std::string_view type) {
    constexpr std::size_t longest_before_composition = 4 * max_type_bytes;
    if (type.size() > longest_before_composition || type == hive_null) return {};
    std::string normal = normal_form(type);
    const std::size_t count = type_characters(normal);
    const bool fits = count > 0 && count <= max_type_characters && normal.size() <= max_type_bytes;
    return fits ? normal : std::string();
}

std::string type_of_name(std::string_view name) {
    std::string type;
    std::size_t cut = 0;  // the size of `type` from which a hash fits
    std::size_t count = 0;
    for (std::string_view rest = name; !rest.empty(); ++count) {
        if (count <= max_type_characters - hash_characters && type.size() <= max_type_bytes - hash_characters)
            cut = type.size();
        const std::string_view before = rest;
        const std::int32_t point = take_character(rest);
        if (point >= 'A' && point <= 'Z') {
            type += static_cast<char>(point - 'A' + 'a');
        } else if (may_be_in_type(point)) {
            type += before.substr(0, before.size() - rest.size());
        } else {
            type += '_';
        }
        if (count == max_type_characters || type.size() > max_type_bytes)
            return fmt::format("{}_{:08x}", std::string_view(type).substr(0, cut),
                               static_cast<std::uint32_t>(XXH3_64bits(name.data(), name.size())));
    }
    return type;
}

}  // namespace millrace::silver
