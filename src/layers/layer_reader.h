#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/units.h"
#include "model/timestamp.h"
#include "storage/table_columns.h"

namespace millrace::layers {

/// Reads the rows of one layer. Cells are JSON values (storage/cell.h).
class LayerReader {
  public:
    virtual ~LayerReader() = default;

    [[nodiscard]] virtual std::vector<storage::TableColumn> columns() const = 0;

    [[nodiscard]] virtual std::int64_t count() const = 0;
    /// The number of rows of each value.
    using ValueCounts = std::vector<std::pair<base::json::value, std::int64_t>>;
    /// Counts the rows by the values of a column, in the order of its type; null comes first. Throws a usage
    /// Error when the layer cannot be counted by this column.
    [[nodiscard]] virtual ValueCounts count_by(const storage::TableColumn& column) const = 0;

    struct Rows {
        std::vector<base::json::array> cells;  ///< by row, newest first; a cell for each column
        bool is_truncated = false;             ///< there are more rows than were asked for
    };
    /// The newest `limit` rows. `last` leaves out rows from longer than that before the newest one; 0 leaves
    /// out none.
    [[nodiscard]] virtual Rows newest(const std::vector<storage::TableColumn>& columns, std::int64_t limit,
                                      base::Duration last) const = 0;
};

/// Removes rows from longer than `last` before the first one, unless `last` is 0, and those beyond `limit`.
/// The rows are in order, newest first; `when` returns a row's time. Returns whether there were rows
/// beyond the limit.
template <typename Row, typename TimeOf>
bool cut_rows(std::vector<Row>& rows, std::int64_t limit, base::Duration last, TimeOf when) {
    if (last.count() > 0 && !rows.empty()) {
        const model::Timestamp oldest = when(rows.front()) - last;
        std::erase_if(rows, [&](const Row& row) { return when(row) < oldest; });
    }
    const auto most = static_cast<std::size_t>(limit);
    const bool more = rows.size() > most;
    if (more) rows.resize(most);
    return more;
}

}  // namespace millrace::layers
