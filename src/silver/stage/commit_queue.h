#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "silver/event_columns.h"

namespace millrace::silver {

/// Hands the rows of silver's commits to Gold in memory, where both are in one process, so that Gold needn't
/// read them from the table. It is a shortcut only: what doesn't fit, or is never taken, Gold finds in the
/// table. Thread-safe.
class CommitQueue {
  public:
    using Columns = std::vector<std::unique_ptr<EventColumns>>;

    /// Gold takes commits from now on.
    void open();
    /// Takes the rows of a commit, unless Gold is too far behind; then `columns` stay the caller's.
    void push(std::int64_t version, Columns& columns);
    /// The rows of a commit; nothing when they weren't offered. Those of earlier ones are dropped.
    std::optional<Columns> pop(std::int64_t version);
    /// Gives back columns whose rows are read, so that their memory is used again.
    void recycle(Columns columns);
    /// Those that were given back.
    Columns recycled();

  private:
    struct Commit {
        std::int64_t version = -1;
        std::size_t rows = 0;
        Columns columns;
    };

    std::mutex mutex_;
    bool open_ = false;           // guarded by mutex_, as the others
    std::deque<Commit> commits_;  // in version order
    std::size_t rows_ = 0;        // of commits_
    Columns recycled_;
};

}  // namespace millrace::silver
