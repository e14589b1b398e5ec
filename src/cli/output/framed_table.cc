#include "cli/output/framed_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/units.h"
#include "cli/output/terminal.h"

namespace millrace::cli {

namespace {

constexpr std::size_t max_text_width = 60;  // the maximum width of a column of texts
constexpr std::size_t min_text_width = 20;  // texts are cut to this width before columns are left out

struct Column {
    std::vector<std::string> cells;  ///< the name, the type, then the rows
    bool is_number = false;
    std::size_t min_width = 0;
    std::size_t width = 0;
};

/// The name of a type in the header.
std::string short_type(std::string type) {
    if (type == "TIMESTAMP WITH TIME ZONE") return "timestamptz";
    std::ranges::transform(type, type.begin(), [](unsigned char c) { return std::tolower(c); });
    return elided(printable(type), min_text_width);
}

Column column_at(const TextTable& table, std::size_t index) {
    const TextColumn& described = table.columns()[index];
    Column column;
    column.cells = {printable(described.name), short_type(described.type)};
    for (const auto& row : table.rows()) column.cells.push_back(shown_text(row[index], described));
    column.is_number = described.is_number();
    for (const auto& cell : column.cells) column.width = std::max(column.width, display_width(cell));
    const bool may_be_cut = !column.is_number && !described.type.starts_with("TIMESTAMP");
    if (may_be_cut) column.width = std::min(column.width, max_text_width);
    column.min_width = may_be_cut ? std::min(column.width, min_text_width) : column.width;
    return column;
}

/// The width of a line with the bars and spaces around its cells.
std::size_t line_width(const std::vector<Column>& columns, std::size_t Column::* width) {
    return std::accumulate(columns.begin(), columns.end(), std::size_t{1},
                           [&](std::size_t sum, const Column& column) { return sum + column.*width + 3; });
}

/// The column that replaces those that are left out.
Column left_out(std::size_t lines) {
    return {.cells = std::vector<std::string>(lines, "…"), .is_number = false, .min_width = 1, .width = 1};
}

/// Leaves out columns from the right until the others fit, and widens those to the available width. Returns
/// the number of columns that are kept.
std::size_t fit(std::vector<Column>& columns, std::size_t width) {
    const std::size_t all = columns.size();
    const std::size_t lines = columns.empty() ? 0 : columns.front().cells.size();
    while (columns.size() > 1 &&
           line_width(columns, &Column::min_width) + (columns.size() < all ? 4 : 0) > width)
        columns.pop_back();
    const std::size_t kept = columns.size();
    if (kept < all) columns.push_back(left_out(lines));
    std::size_t used = line_width(columns, &Column::min_width);
    for (Column& column : columns) {
        const std::size_t room = used < width ? width - used : 0;
        const std::size_t widened = std::min(column.width, column.min_width + room);
        used += widened - column.min_width;
        column.width = widened;
    }
    if (used > width && !columns.empty()) {  // not even the first column fits
        const std::size_t over = used - width;
        columns.front().width = columns.front().width > over + 1 ? columns.front().width - over : 1;
    }
    return kept;
}

std::string bar(const std::vector<Column>& columns, std::string_view left, std::string_view between,
                std::string_view right) {
    std::string text(left);
    for (const Column& column : columns) {
        for (std::size_t i = 0; i < column.width + 2; ++i) text += "─";
        text += &column == &columns.back() ? right : between;
    }
    return text + '\n';
}

std::string line(const std::vector<Column>& columns, std::size_t index) {
    std::string text = "│";
    for (const Column& column : columns) {
        const std::string cell = elided(column.cells[index], column.width);
        const std::string padding(column.width - display_width(cell), ' ');
        text +=
            column.is_number ? fmt::format(" {}{} │", padding, cell) : fmt::format(" {}{} │", cell, padding);
    }
    return text + '\n';
}

std::string footer(const TextTable& table, std::size_t kept) {
    std::string text = base::format_counted(static_cast<std::int64_t>(table.rows().size()), "row");
    if (table.is_truncated()) text += "; there are more (--limit)";
    if (kept < table.columns().size())
        text += fmt::format("; {} of {} columns shown: use --json, a pipe or a wider terminal to see all",
                            kept, table.columns().size());
    return text;
}

}  // namespace

std::string framed(const TextTable& table, std::size_t width) {
    std::vector<Column> columns;
    columns.reserve(table.columns().size());
    for (std::size_t i = 0; i < table.columns().size(); ++i) columns.push_back(column_at(table, i));
    const std::size_t kept = fit(columns, width);
    std::string text = bar(columns, "┌", "┬", "┐") + line(columns, 0) + line(columns, 1);
    if (!table.rows().empty()) text += bar(columns, "├", "┼", "┤");
    for (std::size_t i = 0; i < table.rows().size(); ++i) text += line(columns, i + 2);
    return text + bar(columns, "└", "┴", "┘") + footer(table, kept);
}

}  // namespace millrace::cli
