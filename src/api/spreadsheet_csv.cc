#include "api/spreadsheet_csv.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace millrace::api {

namespace {

/// The characters with which a formula may begin; the last four are the full-width = + - @.
constexpr std::array<std::string_view, 11> beginnings = {
    "=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};

/// Returns the length of the first cell of `csv`, including its quotes.
std::size_t cell_length(std::string_view csv) {
    if (!csv.starts_with('"')) return std::min(csv.find_first_of(",\r\n"), csv.size());
    for (std::size_t end = csv.find('"', 1); end != std::string_view::npos; end = csv.find('"', end + 2)) {
        if (end + 1 == csv.size() || csv[end + 1] != '"') return end + 1;
    }
    return csv.size();
}

bool is_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error != std::errc::invalid_argument && end == text.data() + text.size();
}

bool is_formula(std::string_view text) {
    const auto begins = [&](std::string_view beginning) { return text.starts_with(beginning); };
    return std::ranges::any_of(beginnings, begins) && !is_number(text);
}

}  // namespace

std::string without_formulas(std::string_view csv) {
    std::string made;
    made.reserve(csv.size());
    while (!csv.empty()) {
        const std::string_view cell = csv.substr(0, cell_length(csv));
        const bool quoted = cell.size() >= 2 && cell.front() == '"' && cell.back() == '"';
        const std::string_view text = quoted ? cell.substr(1, cell.size() - 2) : cell;
        if (is_formula(text)) {
            made.append("\"'").append(text).append("\"");
        } else {
            made += cell;
        }
        csv.remove_prefix(cell.size());
        if (csv.empty()) break;
        made += csv.front();  // a comma, or a character of a line end
        csv.remove_prefix(1);
    }
    return made;
}

}  // namespace millrace::api
