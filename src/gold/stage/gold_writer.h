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
#include "storage/delta_table.h"

namespace millrace::gold {

/// The app id of a gold table's txn whose version is the silver version up to which it has the rows.
inline constexpr const char* speed_app_id = "millrace/gold";

/// Writes Gold's rows into its tables. Each table's commits carry, as a txn, the silver version up to which
/// the rows of closed windows are there, so that after a restart none comes twice. Not thread-safe.
class GoldWriter {
  public:
    /// Opens the tables, creating those that are missing. Throws an Error that names a table that can't be
    /// opened, and the command that builds it anew.
    GoldWriter(const catalog::DataDirectory& data, base::WorkerPool& pool);

    /// Moves tables that can't be opened out of the way, with a warning, so that they are made anew; nothing
    /// happens while another process runs Gold.
    static void set_aside_damaged(const catalog::DataDirectory& data);

    /// Looks at what others have committed.
    void refresh();
    /// Appends all rows of `output`, which is emptied, and returns their number: what was closed up to a
    /// silver version.
    std::int64_t append(Output& output, std::int64_t silver_version);
    /// Appends all rows of `open`, which is emptied, and returns their number: what windows that are still
    /// open at a silver version hold. Each table gets its rows with one commit. They stand in files of their
    /// own, so that withdraw_provisional() finds them.
    std::int64_t append_provisional(Output& open, std::int64_t silver_version);
    /// Takes provisional rows out of the tables, before the windows that they are of go on. False, with a
    /// warning, when another engine has rewritten files of theirs: then all must be built anew.
    [[nodiscard]] bool withdraw_provisional();
    /// Appends alerts, by day, the last of which has the number `sequence`; `quiet` ones aren't sent
    /// anywhere.
    void append_alerts(TableRows& alerts, std::int64_t silver_version, std::int64_t sequence, bool quiet);
    /// The number of the last alert in its table, and of all that were there before it was cleared; 0: none.
    [[nodiscard]] std::int64_t alerts_sequence() const;
    /// The silver version of the last commit of alerts; -1: none.
    [[nodiscard]] std::int64_t alerts_version() const;
    /// Takes rows out of `output` that a table has already: those given out up to `silver_version`.
    void drop_known(Output& output, std::int64_t silver_version) const;
    /// Joins small files of closed windows' rows that were published up to a silver version, gradually.
    void join_files(std::int64_t silver_version);
    /// Empties the tables, for a new beginning.
    void clear();

    /// What takes the place of some days' rows that were published up to a silver version.
    struct Replacement {
        std::int64_t from = 0;         ///< the first day
        std::int64_t to = 0;           ///< the day after the last one
        std::int64_t sessions_to = 0;  ///< the day after the last one of the tables of sessions
        std::int64_t silver_version = -1;
        bool provisional_too =
            false;  ///< no state holds windows open: provisional rows of these days go, too
        std::int64_t rows = 0;
        std::array<std::vector<storage::AddFile>, table_count> files{};  ///< which nobody sees yet
        std::future<void> writing{};  ///< of them; last, so that the end waits for it
    };
    /// Writes the rows of `output` that belong to the replacement into files, of those tables that have at
    /// least so many; the output of those tables is emptied. It doesn't wait for it, but for the call before;
    /// the replacement must stay where it is.
    void write(Replacement& replacement, Output& output, std::int64_t min_rows);
    /// Puts it in place, each table with one commit. False when files changed meanwhile, in tables that are
    /// then left as they are: rows that were published later may have been joined with these, or the files
    /// have gone, so that it must be done again, with a newer state of Gold.
    bool replace(Replacement& replacement);

    /// A table of Gold; moved on by this object's commits.
    [[nodiscard]] const storage::DeltaTable& table(Table table) const {
        return tables_[static_cast<std::size_t>(table)];
    }

  private:
    using DayRows = std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>;
    /// Makes a commit that takes files out of a table with this snapshot; an empty one when there are none.
    using Removal = std::function<storage::Commit(const storage::Snapshot&)>;

    [[nodiscard]] storage::DeltaTable& table(Table table) { return tables_[static_cast<std::size_t>(table)]; }
    void append_to(Table table, const DayRows& rows, const GoldFile& file,
                   const std::vector<storage::Txn>& txns);
    std::int64_t append_all(Output& output, const GoldFile& file, const std::vector<storage::Txn>& txns);
    void remove_from(Table table, const Removal& removal);
    bool replace_in(Table table, const Replacement& replacement);
    storage::AddFile write_file(Table table, std::int64_t day, const arrow::RecordBatch& rows,
                                const GoldFile& file);
    std::vector<storage::AddFile> write_files(Table table, const DayRows& rows, const GoldFile& file);

    base::WorkerPool& pool_;
    const std::string run_id_;
    std::array<std::int64_t, table_count> files_{};  // written, for their names
    std::vector<storage::DeltaTable> tables_;
};

}  // namespace millrace::gold
