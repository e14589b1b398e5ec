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

namespace millrace::gold {

/// A cell in which a gold table and the batch layer differ; of a row that only one of them has, each cell.
struct GoldDifference {
    std::string table;
    std::string row;  ///< its key, as name=value
    std::string column;
    std::string published;  ///< empty when the table has no such row
    std::string batch;      ///< empty when the batch layer has none

    [[nodiscard]] base::json::object to_json() const;
};

/// Shows rows of one day of a table.
using VisitGoldRows = std::function<void(Table table, std::int64_t day, const arrow::RecordBatch& rows)>;

/// Compares rows of Gold's tables with those that the batch layer computes. Each day of a table is compared
/// by a hash of all its rows first. Only where it differs is there a second pass, which holds 16 bytes of
/// each published row, and the text of as many rows as are to be told. So the memory does not grow with the
/// rows where all is well.
class GoldComparison {
  public:
    /// Which rows are compared.
    struct Scope {
        DayRange days;
        std::int64_t sessions_to = 0;      ///< the day after the last one, of the tables of sessions
        std::int64_t silver_version = -1;  ///< up to which they were published
        bool open_elsewhere = false;  ///< the stage holds windows open: their provisional rows are left out
    };
    /// Looks for the files of the metric tables in `DATA/gold`.
    GoldComparison(const std::filesystem::path& gold, const Scope& scope);
    ~GoldComparison();
    GoldComparison(const GoldComparison&) = delete;
    GoldComparison& operator=(const GoldComparison&) = delete;

    /// False when rows that were published later are joined with those of the scope in one file.
    [[nodiscard]] bool is_possible() const { return possible_; }

    /// What differs, up to `limit` cells, by table, day and row. `compute` shows the batch layer's rows, of
    /// any days; it is called once or twice, and must show the same rows each time, in any order. Call run()
    /// once.
    std::vector<GoldDifference> run(const std::function<void(const VisitGoldRows&)>& compute,
                                    std::size_t limit);

  private:
    struct Day;

    void add_files(const std::filesystem::path& root, Table table, const Scope& scope);
    [[nodiscard]] Day* find(Table table, std::int64_t day);

    std::map<std::pair<Table, std::int64_t>, Day> days_;
    bool possible_ = true;
};

}  // namespace millrace::gold
