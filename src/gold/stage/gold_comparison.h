#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gold/gold_tables.h"
#include "gold/stage/day_range.h"
#include "storage/delta_table.h"
#include "storage/version.h"

namespace millrace::gold {

/// A cell in which a gold table and the batch layer differ. A row that only one of them has differs in each
/// cell.
struct GoldDifference {
    std::string table;
    std::string row;  ///< its key, as name=value
    std::string column;
    std::string published;  ///< empty when the table has no such row
    std::string batch;      ///< empty when the batch layer has no such row

    [[nodiscard]] base::json::object to_json() const;
};

/// Shows rows of one day of a table.
using VisitGoldRows = std::function<void(Table table, std::int64_t day, const arrow::RecordBatch& rows)>;

/// Compares rows of Gold's tables with those that the batch layer computes. First it compares a hash over all
/// rows of each day of a table. Days that differ need a second pass, which keeps 16 bytes of each published
/// row in memory, and the text of the rows to report. So memory does not grow with the number of rows when
/// there is no difference.
class GoldComparison {
  public:
    /// Which rows are compared.
    struct Scope {
        DayRange days;
        std::int64_t sessions_to = 0;  ///< the day after the last one, for the tables of sessions and for
                                       ///< orders, whose channels are corrected with them
        /// Only rows that were published up to this version of Silver are compared.
        storage::Version silver_version = storage::no_version;
        bool open_elsewhere = false;  ///< leave provisional rows out: the speed layer has these windows
    };
    /// Finds the files of the metric tables. `gold` is `DATA/gold`.
    GoldComparison(const std::filesystem::path& gold, const Scope& scope);
    ~GoldComparison();
    GoldComparison(const GoldComparison&) = delete;
    GoldComparison& operator=(const GoldComparison&) = delete;

    /// False when the tables hold rows of the scope that cannot be told from later ones: they were joined
    /// with them, or recomputed from a later version of Silver.
    [[nodiscard]] bool is_possible() const { return possible_; }

    /// Returns the cells that differ, up to `limit`, by table, day and row. `compute` shows the batch layer's
    /// rows, including any of other days. It is called once or twice, and must show the same rows each time,
    /// in any order. run() must be called once only.
    std::vector<GoldDifference> run(const std::function<void(const VisitGoldRows&)>& compute,
                                    std::size_t limit);

  private:
    struct Day;

    void add_days(const std::filesystem::path& gold, Table table, const Scope& scope);
    void add_files(const storage::DeltaTable& published, Table table, const Scope& scope);
    [[nodiscard]] Day* find(Table table, std::int64_t day);

    std::map<std::pair<Table, std::int64_t>, Day> days_;
    bool possible_ = true;
};

}  // namespace millrace::gold
