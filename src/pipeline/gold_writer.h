#pragma once

#include <array>
#include <future>
#include <optional>
#include <set>
#include <string>

#include "base/worker_pool.h"
#include "gold/output.h"
#include "pipeline/data_directory.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

/// The app id of a gold table's txn whose version is the silver version up to which it has the rows.
inline constexpr const char* speed_app_id = "millrace/gold";

/// Writes Gold's rows into its tables. Each table's commits carry, as a txn, the silver version up to which
/// its rows are there, so that after a restart none comes twice. Not thread-safe.
class GoldWriter {
  public:
    /// Opens the tables, creating those that are missing.
    GoldWriter(const DataDirectory& data, base::WorkerPool& pool);

    /// Why rows were given out: the watermark passed their window, or all was closed on request.
    enum class Closing { watermark, request };

    /// Looks at what others have committed.
    void refresh();
    /// Appends all rows of `output`, which is emptied: what was closed up to a silver version. With
    /// Closing::request that closed all at this version.
    void append(gold::Output& output, std::int64_t silver_version, Closing closing = Closing::watermark);
    /// Appends alerts, by day, the last of which has the number `sequence`; `quiet` ones aren't sent
    /// anywhere.
    void append_alerts(gold::TableRows& alerts, std::int64_t silver_version, std::int64_t sequence,
                       bool quiet);
    /// The number of the last alert in its table, and of all that were there before it was cleared; 0: none.
    [[nodiscard]] std::int64_t alerts_sequence() const;
    /// The silver version of the last commit of alerts; -1: none.
    [[nodiscard]] std::int64_t alerts_version() const;
    /// Takes rows out of `output` that a table has already: those given out up to `silver_version`.
    void drop_known(gold::Output& output, std::int64_t silver_version,
                    Closing closing = Closing::watermark) const;
    /// The last silver version at which all was closed on request; -1 when that never was.
    [[nodiscard]] std::int64_t closed_version() const;
    /// Joins small files of rows that were published up to a silver version, gradually.
    void join_files(std::int64_t silver_version);
    /// Empties the tables, for a new beginning.
    void clear();

    /// What takes the place of some days' rows that were published up to a silver version.
    struct Replacement {
        std::int64_t from = 0;         ///< the first day
        std::int64_t to = 0;           ///< the day after the last one
        std::int64_t sessions_to = 0;  ///< the day after the last one of the tables of sessions
        std::int64_t silver_version = -1;
        std::int64_t rows = 0;
        std::array<std::vector<storage::AddFile>, gold::table_count> files{};  ///< which nobody sees yet
        std::future<void> writing{};  ///< of them; last, so that the end waits for it
    };
    /// Writes the rows of `output` that belong to the replacement into files, of those tables that have at
    /// least so many; the output of those tables is emptied. It doesn't wait for it, but for the call before;
    /// the replacement must stay where it is.
    void write(Replacement& replacement, gold::Output& output, std::int64_t least_rows);
    /// Puts it in place, each table with one commit. False when files changed meanwhile, in tables that are
    /// then left as they are: rows that were published later may have been joined with these, or the files
    /// have gone, so that it must be done again, with a newer state of Gold.
    bool replace(Replacement& replacement);

    /// A table of Gold; moved on by this object's commits.
    [[nodiscard]] const storage::DeltaTable& table(gold::Table table) const {
        return tables_[static_cast<std::size_t>(table)];
    }

  private:
    using DayRows = std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>;

    [[nodiscard]] storage::DeltaTable& table(gold::Table table) {
        return tables_[static_cast<std::size_t>(table)];
    }
    void append_to(gold::Table table, const DayRows& rows, const std::vector<storage::Txn>& txns);
    bool replace_in(gold::Table table, const Replacement& replacement);
    storage::AddFile write_file(gold::Table table, std::int64_t day, const arrow::RecordBatch& rows,
                                std::int64_t silver_version);
    std::vector<storage::AddFile> write_files(gold::Table table, const DayRows& rows,
                                              std::int64_t silver_version);

    base::WorkerPool& pool_;
    const std::string run_id_;
    std::array<std::int64_t, gold::table_count> files_{};  // written, for their names
    std::vector<storage::DeltaTable> tables_;
};

/// When the rows of a gold file were closed, as its name tells.
struct Published {
    std::int64_t version = -1;  ///< of silver, at most
    bool joined = false;        ///< from several files, of lower versions too
};
Published published_at(const storage::AddFile& add);

}  // namespace millrace::pipeline
