#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "silver/event_columns.h"
#include "storage/version.h"

namespace millrace::silver {

/// Passes the rows of silver's commits to Gold in memory if both run in one process, so that Gold need not
/// read them from the table. It is only a shortcut: Gold reads the rows of any commit that does not fit, or
/// that it has not popped, from the table. Thread-safe.
class CommitQueue {
  public:
    using Columns = std::vector<std::unique_ptr<EventColumns>>;

    /// Declares that Gold pops commits from now on. Before this call, push() takes nothing.
    void open();
    /// Moves the rows of a commit into the queue. If the queue is full or not open, `columns` is left
    /// unchanged.
    void push(storage::Version version, Columns& columns);
    /// The number of commits that were pushed, taken or not.
    [[nodiscard]] std::uint64_t pushes() const { return pushes_; }
    /// Removes and returns the rows of a commit, or returns nothing if the queue does not have them. Recycles
    /// the rows of earlier commits.
    std::optional<Columns> pop(storage::Version version);
    /// Returns columns whose rows Gold has read, so that their memory is reused.
    void recycle(Columns columns);
    /// Removes and returns the columns that are free for reuse.
    Columns recycled();

  private:
    struct Commit {
        storage::Version version = storage::no_version;
        std::size_t rows = 0;
        Columns columns;
    };

    std::atomic<std::uint64_t> pushes_ = 0;
    base::Mutex mutex_;
    bool open_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::deque<Commit> commits_ MILLRACE_GUARDED_BY(mutex_);  // in the order of their versions
    std::size_t rows_ MILLRACE_GUARDED_BY(mutex_) = 0;        // the rows in commits_, by rows_of()
    Columns recycled_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::silver
