#include "cli/output/cell.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/base64.h"
#include "base/units.h"
#include "cli/output/terminal.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 12> number_types = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                                           "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                                           "UBIGINT", "UHUGEINT", "FLOAT",     "DOUBLE"};

void append_json(std::string& text, const json::value& cell) {
    if (const auto* number = cell.if_double()) {
        text += std::isfinite(*number) ? fmt::format("{}", *number) : "null";
    } else if (const auto* list = cell.if_array()) {
        text += '[';
        for (const auto& each : *list) {
            if (text.back() != '[') text += ',';
            append_json(text, each);
        }
        text += ']';
    } else if (const auto* fields = cell.if_object()) {
        text += '{';
        for (const auto& [name, each] : *fields) {
            if (text.back() != '{') text += ',';
            text += json::serialize(json::value(name)) + ':';
            append_json(text, each);
        }
        text += '}';
    } else if (const auto* bytes = cell.if_string()) {
        text += json::serialize(text_or_base64(*bytes));
    } else {
        text += json::serialize(cell);
    }
}

/// Removes the zeros at the end of a fraction, but keeps at least `min_digits` of its digits.
std::string without_zeros(std::string number, std::size_t min_digits) {
    const auto point = number.find('.');
    if (point == std::string::npos) return number;
    while (number.size() > point + 1 + min_digits && number.back() == '0') number.pop_back();
    if (number.back() == '.') number.pop_back();
    return number;
}

/// At most four decimals, or three significant digits of a number below 0.1.
std::string short_number(double value) {
    const double magnitude = std::abs(value);
    if (!std::isfinite(value)) return fmt::format("{}", value);
    if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e15)) return fmt::format("{:.3g}", value);
    const int decimals =
        magnitude == 0 || magnitude >= 0.1 ? 4 : 2 - static_cast<int>(std::floor(std::log10(magnitude)));
    return without_zeros(fmt::format("{:.{}f}", value, decimals), 0);
}

/// A time in any zone with its fraction cut to milliseconds. A fraction of zero is dropped.
std::string to_the_ms(std::string_view time) {
    const auto point = std::min(time.find('.'), time.size());
    const auto end = std::min(time.find_first_not_of("0123456789", point + 1), time.size());
    const auto fraction = time.substr(point, std::min<std::size_t>(end - point, 4));
    return without_zeros(std::string(time.substr(0, point)) + std::string(fraction), 0) +
           std::string(time.substr(end));
}

std::string shown_string(std::string_view text, const TextColumn& column) {
    if (column.type.starts_with("DECIMAL")) return without_zeros(std::string(text), 2);
    if (column.type.starts_with("TIMESTAMP")) return to_the_ms(text);
    return printable(text);
}

}  // namespace

bool TextColumn::is_number() const {
    return std::ranges::find(number_types, type) != number_types.end() || type.starts_with("DECIMAL");
}

TextColumn text_column(std::string name) {
    return {.name = std::move(name)};
}

TextColumn number_column(std::string name) {
    return {.name = std::move(name), .type = "BIGINT"};
}

TextColumn count_column(std::string name) {
    return {.name = std::move(name), .type = "BIGINT", .is_count = true};
}

TextColumn time_column(std::string name) {
    return {.name = std::move(name), .type = "TIMESTAMP WITH TIME ZONE"};
}

json::value text_or_base64(std::string_view bytes) {
    if (simdjson::validate_utf8(bytes.data(), bytes.size())) return json::string(bytes);
    return json::object{{"base64", base::base64(bytes)}};
}

std::string json_text(const json::value& cell) {
    std::string text;
    append_json(text, cell);
    return text;
}

std::string raw_text(const json::value& cell) {
    if (cell.is_null()) return {};
    const std::string text = cell.is_string() ? std::string(cell.get_string()) : json_text(cell);
    std::string line;
    for (const char c : text) {
        switch (c) {
            case '\t':
                line += "\\t";
                break;
            case '\n':
                line += "\\n";
                break;
            case '\r':
                line += "\\r";
                break;
            case '\\':
                line += "\\\\";
                break;
            default:
                line += c;
        }
    }
    return line;
}

std::string shown_text(const json::value& cell, const TextColumn& column) {
    if (cell.is_null()) return "NULL";
    if (const auto* text = cell.if_string()) return shown_string(*text, column);
    if (const auto* number = cell.if_double()) return short_number(*number);
    if (const auto* number = cell.if_int64(); number != nullptr && column.is_count)
        return base::format_count(*number);
    return printable(json_text(cell));
}

}  // namespace millrace::cli
