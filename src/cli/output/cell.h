#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "storage/partition_path.h"
#include "storage/table_columns.h"

/// The cells of the tables that commands print. A cell is a JSON value. Its strings may hold any bytes until
/// they are written as JSON. Exact decimals and times are strings, as in DuckDB's JSON.
namespace millrace::cli {

/// A column of a printed table. Its type is DuckDB's name, such as BIGINT or DECIMAL(38,4).
struct TextColumn {
    std::string name;
    std::string type = "VARCHAR";
    bool is_count = false;  ///< shown with thousands separators, unlike ids and offsets

    [[nodiscard]] bool is_number() const;
};

[[nodiscard]] TextColumn text_column(std::string name);
[[nodiscard]] TextColumn number_column(std::string name);
[[nodiscard]] TextColumn count_column(std::string name);
[[nodiscard]] TextColumn time_column(std::string name);

/// A value of an Arrow array. Times are ISO 8601 in UTC, with microseconds.
[[nodiscard]] base::json::value cell_of(const arrow::Array& column, std::int64_t row);

/// The value of a partition column, in the type that the table gives the column.
[[nodiscard]] base::json::value partition_cell(const storage::PartitionValues& partition,
                                               const storage::TableColumn& column);

/// The cells of a row in these columns. A column that the batch lacks is a partition column, or was added
/// later.
[[nodiscard]] base::json::array cells_of(const arrow::RecordBatch& batch, std::int64_t row,
                                         const std::vector<storage::TableColumn>& columns,
                                         const storage::PartitionValues& partition);

/// The text itself if it is UTF-8, else {"base64": "…"}, since JSON cannot hold other bytes.
[[nodiscard]] base::json::value text_or_base64(std::string_view bytes);

/// A cell as JSON: numbers as people write them (972.2), and numbers that are not finite as null.
[[nodiscard]] std::string json_text(const base::json::value& cell);

/// The complete cell on one line without tabs: \t, \n, \r and \\ replace these characters.
[[nodiscard]] std::string raw_text(const base::json::value& cell);

/// A cell for people: counts with thousands separators, doubles and decimals shortened, times to the
/// millisecond, null as NULL, and no control characters for the terminal.
[[nodiscard]] std::string shown_text(const base::json::value& cell, const TextColumn& column);

}  // namespace millrace::cli
