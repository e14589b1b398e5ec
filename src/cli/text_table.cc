#include "cli/text_table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "model/timestamp.h"
#include "storage/arrow_status.h"

namespace millrace::cli {

namespace {

constexpr std::size_t widest_cell = 60;

/// Control characters and bytes that are no UTF-8 would spoil the terminal.
std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, widest_cell * 2)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            shown += fmt::format("\\x{:02x}", byte);
        } else {
            shown += c;
        }
    }
    if (shown.size() > widest_cell) shown = shown.substr(0, widest_cell - 1) + "~";
    return shown;
}

}  // namespace

std::string cell_text(const arrow::Array& column, std::int64_t row) {
    if (column.IsNull(row)) return {};
    if (column.type_id() == arrow::Type::TIMESTAMP) {
        return model::format_timestamp(dynamic_cast<const arrow::TimestampArray&>(column).Value(row));
    }
    if (column.type_id() == arrow::Type::DICTIONARY) {
        const auto& dictionary = dynamic_cast<const arrow::DictionaryArray&>(column);
        return cell_text(*dictionary.dictionary(), dictionary.GetValueIndex(row));
    }
    if (column.type_id() == arrow::Type::BINARY) {
        return std::string(dynamic_cast<const arrow::BinaryArray&>(column).GetView(row));
    }
    return storage::value_of(column.GetScalar(row), "showing a value")->ToString();
}

void TextTable::add(const arrow::RecordBatch& rows, const std::map<std::string, std::string>& constants) {
    if (columns_.empty()) {
        for (const auto& field : rows.schema()->fields()) columns_.push_back(field->name());
        for (const auto& [name, value] : constants) columns_.push_back(name);
    }
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
        std::vector<std::string> cells;
        for (const auto& name : columns_) {
            const auto column = rows.GetColumnByName(name);
            const auto constant = constants.find(name);
            cells.push_back(column                        ? cell_text(*column, row)
                            : constant != constants.end() ? constant->second
                                                          : "");
        }
        rows_.push_back(std::move(cells));
    }
}

void TextTable::add_row(std::vector<std::string> cells) {
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> TextTable::places(const std::vector<std::string>& columns) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns.empty()) places.push_back(i);
    }
    for (const auto& name : columns) {
        const auto found = std::ranges::find(columns_, name);
        if (found != columns_.end()) places.push_back(static_cast<std::size_t>(found - columns_.begin()));
    }
    return places;
}

std::string TextTable::text(const std::vector<std::string>& columns) const {
    std::string text;
    const auto shown = places(columns);
    std::vector<std::size_t> widths;
    for (const std::size_t place : shown) {
        std::size_t width = columns_[place].size();
        for (const auto& row : rows_) width = std::max(width, printable(row[place]).size());
        widths.push_back(width);
    }
    const auto put_row = [&](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < shown.size(); ++i) {
            text +=
                fmt::format("{:<{}}", printable(cells[shown[i]]), i + 1 < shown.size() ? widths[i] + 2 : 0);
        }
        text += '\n';
    };
    put_row(columns_);
    for (const auto& row : rows_) put_row(row);
    if (!text.empty()) text.pop_back();
    return text;
}

base::json::object TextTable::json(const std::vector<std::string>& columns) const {
    base::json::array rows;
    for (const auto& row : rows_) {
        base::json::object object;
        for (const std::size_t place : places(columns)) {
            object[columns_[place]] =
                row[place].empty() ? base::json::value() : base::json::value(row[place]);
        }
        rows.push_back(std::move(object));
    }
    return {{"rows", std::move(rows)}};
}

}  // namespace millrace::cli
