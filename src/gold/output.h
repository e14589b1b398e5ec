#pragma once

#include <arrow/table_builder.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "gold/gold_tables.h"
#include "model/alert.h"
#include "model/money.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// Writes the cells of one row in the order of the columns.
class Row {
  public:
    explicit Row(arrow::RecordBatchBuilder& builder) : builder_(builder) {}

    Row& text(std::string_view value);
    /// Writes null for an empty text.
    Row& text_or_null(std::string_view value);
    Row& count(std::int64_t value);
    Row& count_or_null(std::optional<std::int64_t> value);
    Row& time(model::Timestamp value);
    Row& time_or_null(std::optional<model::Timestamp> value);
    Row& number(double value);
    /// Writes part ÷ whole, or null if the whole is 0.
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

/// The rows of one table that are to be written, by day.
class TableRows {
  public:
    explicit TableRows(Table table) : table_(table) {}

    /// Starts a new row. The caller must write all of its cells.
    Row add(std::int64_t day);
    [[nodiscard]] std::int64_t size() const { return size_; }
    /// Adds rows of a day that has none yet.
    void put(std::int64_t day, std::shared_ptr<arrow::RecordBatch> rows);
    /// Removes and returns the rows.
    std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>> take();

  private:
    Table table_;
    std::map<std::int64_t, std::unique_ptr<arrow::RecordBatchBuilder>> days_;
    std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>
        ready_;  // the rows that put() has added, by day
    static constexpr std::int64_t min_capacity = 32;
    std::int64_t size_ = 0;
    std::int64_t usual_ = min_capacity;  // the room for rows of a day, by the rows that were taken last
};

/// Writes the cells of a row of Table::alerts.
void write_alert(const model::Alert& alert, Row row);

/// The rows that the operators write. Operators that run concurrently must write to different tables.
class Output {
  public:
    [[nodiscard]] TableRows& operator[](Table table) { return tables_[static_cast<std::size_t>(table)]; }
    [[nodiscard]] std::int64_t size() const;

  private:
    template <std::size_t... I>
    static std::array<TableRows, table_count> empty(std::index_sequence<I...>) {
        return {TableRows(all_tables[I])...};
    }

    std::array<TableRows, table_count> tables_ = empty(std::make_index_sequence<table_count>());
};

}  // namespace millrace::gold
