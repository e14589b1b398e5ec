#pragma once

#include <array>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/output.h"
#include "gold/stage/gold_file.h"
#include "gold/stage/late_days.h"
#include "storage/delta_table.h"

namespace millrace::gold {

/// The app id of a txn of each gold table. Its version is the silver version up to which the table has the
/// rows of closed windows.
inline constexpr const char* speed_app_id = "millrace/gold";
/// Returns the silver version up to which a gold table has the rows of closed windows.
inline storage::Version published_version(const storage::Snapshot& table) {
    return storage::Version(table.txn(speed_app_id, storage::no_version.value()));
}

/// Returns the silver version that a day of a gold table was last recomputed from; -1 if it never was.
[[nodiscard]] storage::Version recomputed_version(const storage::Snapshot& table, std::int64_t day);

/// Removes late days whose rows were recomputed after their last late event, as the tables' txns tell.
void forget_corrected(LateDays& late, const std::function<const storage::Snapshot&(Table)>& snapshot_of);

/// Data files of each table.
using GoldFiles = std::array<std::vector<storage::AddFile>, table_count>;

/// Writes rows into Gold's tables. Each table's commits record, as a txn, the silver version up to which the
/// table has the rows of closed windows, so that a restart appends no row twice. Not thread-safe.
class GoldWriter {
  public:
    /// Opens the tables, and creates those that are missing. Throws an Error that names a table that cannot
    /// be opened, and the command that rebuilds it. `pool` must outlive the object.
    GoldWriter(const catalog::DataDirectory& data, base::WorkerPool& pool);

    /// Renames tables that cannot be opened, with a warning, so that new ones are created. Does nothing while
    /// another process runs Gold.
    static void set_aside_damaged(const catalog::DataDirectory& data);

    /// Reads what others have committed.
    void refresh();
    /// Appends all rows of `output` and returns their number; `output` is empty then. The rows are those of
    /// windows that have closed up to a silver version.
    std::int64_t append(Output& output, storage::Version silver_version);
    /// Appends all rows of `open` and returns their number; `open` is empty then. The rows are those of
    /// windows that are open at a silver version. Each table gets its rows in one commit and in separate
    /// files, so that withdraw_provisional() finds them.
    std::int64_t append_provisional(Output& open, storage::Version silver_version);
    /// Removes provisional rows from the tables, before their windows continue. False, with a warning, when
    /// another engine has rewritten files with provisional rows: then Gold must be rebuilt.
    [[nodiscard]] bool withdraw_provisional();
    /// Appends alerts. The last one has the sequence number `sequence`. `quiet` alerts are not sent to sinks.
    void append_alerts(TableRows& alerts, storage::Version silver_version, model::AlertSequence sequence,
                       bool quiet);
    /// The sequence number of the last alert, including alerts that clear() has removed; 0 when there was
    /// none.
    [[nodiscard]] model::AlertSequence alerts_sequence() const;
    /// The silver version of the last commit of alerts; -1 when there is none.
    [[nodiscard]] storage::Version alerts_version() const;
    /// The newest silver version up to which a table has rows; -1 when none has any.
    [[nodiscard]] storage::Version newest_version() const;
    /// Removes the rows of tables from `output` that have the rows up to `silver_version` already.
    void drop_known(Output& output, storage::Version silver_version) const;
    /// Removes late days whose rows were recomputed after their last late event.
    void forget_corrected(LateDays& late) const {
        gold::forget_corrected(
            late, [this](Table each) -> const storage::Snapshot& { return table(each).snapshot(); });
    }
    /// Joins small files of closed windows' rows that were published up to a silver version, gradually.
    void join_files(storage::Version silver_version);
    /// Removes all rows from the tables, before a rebuild.
    void clear();

    /// New rows for some days, in place of those that were published up to a silver version.
    struct Replacement {
        std::int64_t from = 0;  ///< the first day
        /// The day after the last one, for the tables of each group. `from` leaves a group out.
        std::array<std::int64_t, table_group_count> to{};
        storage::Version silver_version = storage::no_version;
        /// Whether provisional rows of these days are replaced as well: no state holds their windows open.
        bool provisional_too = false;
        std::int64_t rows = 0;  ///< the number of new rows
        GoldFiles files{};      ///< written, but not committed yet
        /// The task that writes `files`. It is the last member, so that the destructor waits for it first.
        std::future<void> writing{};
    };
    /// Writes rows of `output` that belong to the replacement into files, for tables that have at least
    /// `min_rows`; the output of these tables is empty then. Asynchronous: waits only for the previous call.
    /// `replacement` must outlive the write and must not move.
    void write(Replacement& replacement, Output& output, std::int64_t min_rows);
    /// Waits for the last write().
    static void finish(Replacement& replacement) {
        if (replacement.writing.valid()) replacement.writing.get();
    }
    /// Commits the replacement, each table with one commit. False when files of a table have changed
    /// meanwhile, and the table is left as it is: its rows may have been joined with later ones, or the new
    /// files are gone. Then the caller computes the replacement again, from a newer state of Gold.
    bool replace(Replacement& replacement);
    /// Removes the files of a replacement that are not committed.
    void discard(Replacement& replacement);

    /// A table of Gold, at the version of this object's last commit or refresh().
    [[nodiscard]] const storage::DeltaTable& table(Table table) const {
        return tables_[static_cast<std::size_t>(table)];
    }

  private:
    using DayRows = std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>;
    /// Makes a commit that removes files from a table with this snapshot; an empty one when there are none.
    using Removal = std::function<storage::Commit(const storage::Snapshot&)>;

    [[nodiscard]] storage::DeltaTable& table(Table table) { return tables_[static_cast<std::size_t>(table)]; }
    void append_to(Table table, const DayRows& rows, const GoldFile& file,
                   const std::vector<storage::Txn>& txns);
    std::int64_t append_all(Output& output, const GoldFile& file, const std::vector<storage::Txn>& txns);
    void remove_from(Table table, const Removal& removal);
    bool replace_in(Table table, Replacement& replacement);
    storage::AddFile write_file(Table table, std::int64_t day, const arrow::RecordBatch& rows,
                                const GoldFile& file);
    std::vector<storage::AddFile> write_files(Table table, const DayRows& rows, const GoldFile& file);

    base::WorkerPool& pool_;
    const std::string run_id_;
    std::array<std::int64_t, table_count> files_{};  // the number of files written, which is in their names
    std::vector<storage::DeltaTable> tables_;
};

}  // namespace millrace::gold
