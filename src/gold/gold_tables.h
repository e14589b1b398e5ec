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
    funnel,
    sessions,
    users,
    high_interest,
    alerts,
};
inline constexpr std::size_t table_count = 9;
inline constexpr std::array<Table, table_count> all_tables = {
    Table::product_metrics, Table::category_metrics, Table::device_metrics, Table::kpis,
    Table::funnel,          Table::sessions,         Table::users,          Table::high_interest,
    Table::alerts};
/// Those that follow from silver's rows alone, so that the batch layer can make them again.
inline constexpr std::span<const Table> metric_tables = std::span(all_tables).first<table_count - 1>();

using TableSet = std::set<Table>;
/// The metric tables; and those of them that don't grow with the shop's users (is_of_users()).
[[nodiscard]] TableSet all_metrics();
[[nodiscard]] TableSet window_metrics();

/// Its name, which is also its folder's.
[[nodiscard]] std::string_view table_name(Table table);
/// Its columns; the last one, `day`, is the partition column: the day, in the shop's time zone, on which the
/// row's window or session began.
[[nodiscard]] std::shared_ptr<arrow::Schema> table_schema(Table table);
[[nodiscard]] const std::vector<std::string>& table_partition_columns();
/// Whether its rows are made of whole sessions.
[[nodiscard]] constexpr bool is_of_sessions(Table table) {
    return table == Table::sessions || table == Table::funnel;
}
/// Whether it grows with the shop's users: of its open rows there may be very many.
[[nodiscard]] constexpr bool is_of_users(Table table) {
    return is_of_sessions(table) || table == Table::users;
}
/// The columns that tell its rows apart, `day` aside.
[[nodiscard]] const std::vector<std::string>& table_key(Table table);
/// How its files are laid out: all columns but `day`.
[[nodiscard]] const storage::ParquetLayout& table_layout(Table table);

}  // namespace millrace::gold
