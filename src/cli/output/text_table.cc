#include "cli/output/text_table.h"

#include <fmt/format.h>

#include "cli/output/framed_table.h"
#include "cli/output/terminal.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

/// The cell with strings that are not UTF-8 in the form that JSON can hold.
json::value valid(const json::value& cell) {
    if (const auto* text = cell.if_string()) return text_or_base64(*text);
    if (const auto* list = cell.if_array()) {
        json::array made;
        for (const auto& each : *list) made.push_back(valid(each));
        return made;
    }
    if (const auto* fields = cell.if_object()) {
        json::object made;
        for (const auto& [name, each] : *fields) made.emplace(name, valid(each));
        return made;
    }
    return cell;
}

}  // namespace

TextTable::TextTable(const std::vector<std::string>& columns) {
    for (const auto& name : columns) columns_.push_back(text_column(name));
}

TextTable TextTable::of(std::vector<TextColumn> columns) {
    TextTable table;
    table.columns_ = std::move(columns);
    return table;
}

void TextTable::add_row(const std::vector<std::string>& cells) {
    json::array row;
    for (const auto& cell : cells) row.push_back(json::string(cell));
    add(std::move(row));
}

std::string TextTable::text() const {
    return on_terminal() ? framed(*this, terminal_width()) : tab_separated();
}

std::string TextTable::tab_separated() const {
    std::string text;
    for (const auto& column : columns_)
        text += (&column == &columns_.front() ? "" : "\t") + raw_text(json::string(column.name));
    for (const auto& row : rows_) {
        text += '\n';
        for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : "\t") + raw_text(row[i]);
    }
    return text;
}

json::object TextTable::json() const {
    json::array columns;
    for (const auto& column : columns_) columns.push_back({{"name", column.name}, {"type", column.type}});
    json::array rows;
    for (const auto& row : rows_) {
        json::object made;
        for (std::size_t i = 0; i < columns_.size(); ++i) made[columns_[i].name] = valid(row[i]);
        rows.push_back(std::move(made));
    }
    return {{"columns", std::move(columns)}, {"rows", std::move(rows)}, {"truncated", truncated_}};
}

void print_table(const TextTable& table, bool as_json) {
    fmt::print("{}\n", as_json ? json_text(table.json()) : table.text());
}

TextTable table_of(const ResultRows& result) {
    std::vector<TextColumn> typed;
    for (const auto& column : result.columns) {
        const auto& described = column.as_object();
        typed.push_back(
            {.name = base::string_member(described, "name"), .type = base::string_member(described, "type")});
    }
    TextTable table = TextTable::of(typed);
    for (const auto& row : result.rows) {
        json::array cells;
        for (const auto& column : typed) cells.push_back(base::member(row.as_object(), column.name));
        table.add(std::move(cells));
    }
    table.set_truncated(result.truncated);
    return table;
}

}  // namespace millrace::cli
