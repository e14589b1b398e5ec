#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/silver_reader.h"
#include "gold/state/window.h"
#include "silver/stage/commit_queue.h"
#include "storage/delta_table.h"

namespace millrace::gold {

/// Gold's position in the silver table. It finds the next commit in version order and reads its rows: from
/// memory where Silver runs in this process and the queue has them, otherwise from the table's files. Not
/// thread-safe, except for version().
class SilverTail {
  public:
    /// Opens the table, and creates it if it is missing. `pool` and `commits` must outlive the object;
    /// `commits` is null where Silver runs in another process.
    SilverTail(const catalog::DataDirectory& data, base::WorkerPool& pool, silver::CommitQueue* commits);

    /// The last version that Gold has taken in; -1 before continue_from() or reopen(). Thread-safe.
    [[nodiscard]] storage::Version version() const { return version_; }
    /// The table as of the last refresh() or reopen().
    [[nodiscard]] const storage::Snapshot& snapshot() const { return table_.snapshot(); }
    void refresh() { table_.refresh(); }

    /// Whether a state at `position` can continue: it is of this table, and the next commit is in the log and
    /// not so old that vacuum may have removed its files (max_wait_for_gold).
    [[nodiscard]] bool can_continue_from(const GoldPosition& position) const;
    void continue_from(storage::Version version) { version_ = version; }
    /// Opens the table that is at the path now, and moves to its newest version. The caller reads all files.
    void reopen();
    /// Why the next commit can never be read: another table has taken the place of this one, or the commit
    /// was removed from the log. Nothing when following can continue.
    [[nodiscard]] std::optional<std::string> find_gap() const;

    /// The next commit; nothing when there is none yet. Where Silver runs in this process, the table is
    /// looked at when Silver has committed, and else ten times a second for commits of others.
    [[nodiscard]] std::optional<storage::Commit> next_commit();
    /// Shows the rows that the next commit adds. False, before it shows any, when files of the commit are
    /// missing.
    [[nodiscard]] bool read_rows(const storage::Commit& next, Strings& strings, const VisitRows& visit);
    /// Moves to the next commit's version.
    void advance() { version_ = version() + 1; }

    /// The files of the snapshot by UTC day, the earliest day first.
    [[nodiscard]] std::map<std::string, std::vector<storage::AddFile>> files_by_day() const;
    /// Shows the links of all rows.
    void read_links(Strings& strings, const VisitRows& visit) const;
    /// Shows the rows of these files.
    void read_files(const std::vector<storage::AddFile>& files, Strings& strings,
                    const VisitRows& visit) const;

  private:
    void show_queued(silver::CommitQueue::Columns columns, Strings& strings, const VisitRows& visit);

    base::WorkerPool& pool_;
    silver::CommitQueue* const commits_;
    storage::DeltaTable table_;
    std::atomic<storage::Version> version_ = storage::no_version;
    // CommitQueue::pushes() when next_commit() last found nothing, and when it looks again without a push.
    std::uint64_t pushes_seen_ = 0;
    std::chrono::steady_clock::time_point look_again_{};
    Events queued_;  // kept so that its memory is reused
};

}  // namespace millrace::gold
