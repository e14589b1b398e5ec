#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/parquet_file.h"

namespace millrace::gold {

/// The tables that Gold publishes; docs/metrics.md defines each column.
enum class Table : std::uint8_t {
    product_metrics,
    category_metrics,
    device_metrics,
    kpis,
    orders,
    sources,
    funnel,
    sessions,
    users,
    high_interest,
    identities,
    alerts,
};
inline constexpr std::size_t table_count = 12;
inline constexpr std::array<Table, table_count> all_tables = {
    Table::product_metrics, Table::category_metrics, Table::device_metrics, Table::kpis,
    Table::orders,          Table::sources,          Table::funnel,         Table::sessions,
    Table::users,           Table::high_interest,    Table::identities,     Table::alerts};
/// The tables that depend only on the rows of Silver, so that the batch layer can compute them again.
inline constexpr std::span<const Table> metric_tables = std::span(all_tables).first<table_count - 1>();

using TableSet = std::set<Table>;
/// The set of all metric tables.
[[nodiscard]] TableSet all_metrics();
/// The set of metric tables whose open rows do not grow with the number of users (is_of_users()).
[[nodiscard]] TableSet window_metrics();

/// The name of the table, which is also the name of its directory.
[[nodiscard]] std::string_view table_name(Table table);
/// The columns of the table. The last one, `day`, is the partition column: the day, in the shop's time zone,
/// on which the window or session of the row began.
[[nodiscard]] std::shared_ptr<arrow::Schema> table_schema(Table table);
[[nodiscard]] const std::vector<std::string>& table_partition_columns();
/// Returns true if the rows of the table are computed from whole sessions.
[[nodiscard]] constexpr bool is_of_sessions(Table table) {
    return table == Table::sessions || table == Table::funnel || table == Table::sources;
}
/// The groups of metric tables: those of windows, which close with the watermark, orders, which change when
/// later events name them, and those of sessions, which may stay open for days.
enum class TableGroup : std::uint8_t { windows, orders, sessions };
inline constexpr std::size_t table_group_count = 3;
inline constexpr std::array<TableGroup, table_group_count> all_table_groups = {
    TableGroup::windows, TableGroup::orders, TableGroup::sessions};
[[nodiscard]] constexpr TableGroup group_of(Table table) {
    if (table == Table::orders) return TableGroup::orders;
    return is_of_sessions(table) ? TableGroup::sessions : TableGroup::windows;
}
[[nodiscard]] constexpr std::string_view group_name(TableGroup group) {
    constexpr std::array<std::string_view, table_group_count> names = {"windows", "orders", "sessions"};
    return names[static_cast<std::size_t>(group)];
}
/// Returns true if the table grows with the number of users, so that it may have very many open rows.
[[nodiscard]] constexpr bool is_of_users(Table table) {
    return is_of_sessions(table) || table == Table::users || table == Table::identities;
}
/// The columns that identify a row, without `day`.
[[nodiscard]] const std::vector<std::string>& table_key(Table table);
/// The layout of the table's data files: all columns except `day`.
[[nodiscard]] const storage::ParquetLayout& table_layout(Table table);

}  // namespace millrace::gold
