#pragma once

#include <arrow/table_builder.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "gold/gold_tables.h"
#include "model/alert.h"
#include "model/money.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// Takes the cells of one row, in column order.
class Row {
  public:
    explicit Row(arrow::RecordBatchBuilder& builder) : builder_(builder) {}

    Row& text(std::string_view value);
    /// Null for the empty text.
    Row& text_or_null(std::string_view value);
    Row& count(std::int64_t value);
    Row& count_or_null(std::optional<std::int64_t> value);
    Row& time(model::Timestamp value);
    Row& number(double value);
    /// part ÷ whole; null when the whole is 0.
    Row& rate(double part, double whole);
    Row& money(model::Money value);
    Row& money_or_null(std::optional<model::Money> value);
    Row& flag(bool value);

  private:
    template <typename Builder>
    Builder& next();

    arrow::RecordBatchBuilder& builder_;
    int column_ = 0;
};

/// Rows of one table that are to be written, by day.
class TableRows {
  public:
    explicit TableRows(Table table) : table_(table) {}

    /// A new row, whose cells the caller must all give.
    Row add(std::int64_t day);
    [[nodiscard]] std::int64_t size() const { return size_; }
    /// The rows, which are forgotten.
    std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>> take();

  private:
    Table table_;
    std::map<std::int64_t, std::unique_ptr<arrow::RecordBatchBuilder>> days_;
    std::int64_t size_ = 0;
};

/// A row of Table::alerts.
void write_alert(const model::Alert& alert, Row row);

/// What the operators give out. Those that run at once write to different tables.
class Output {
  public:
    [[nodiscard]] TableRows& operator[](Table table) { return tables_[static_cast<std::size_t>(table)]; }
    [[nodiscard]] std::int64_t size() const;

  private:
    std::array<TableRows, table_count> tables_ = {
        TableRows(all_tables[0]), TableRows(all_tables[1]), TableRows(all_tables[2]),
        TableRows(all_tables[3]), TableRows(all_tables[4]), TableRows(all_tables[5]),
        TableRows(all_tables[6]), TableRows(all_tables[7]), TableRows(all_tables[8])};
};

}  // namespace millrace::gold
