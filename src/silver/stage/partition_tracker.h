#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "bronze/event_log.h"

namespace millrace::silver {

/// The progress of a partition.
struct PartitionLag {
    int partition = 0;
    bronze::Offset committed{0};  ///< the next offset after the last commit
    bronze::Offset end{0};        ///< the end of the log, as last known
};

/// The progress of the stage in each partition, for other threads to read. Thread-safe, except for grow_to()
/// and set_ours(), which may only be called while no lane runs.
class PartitionTracker {
  public:
    struct State {
        std::optional<bronze::Offset> end;      ///< the offset to stop at; nothing to follow the log
        std::atomic<bronze::Offset> committed;  ///< the next offset after the last commit
        std::atomic<bronze::Offset> read;       ///< the next offset that the lane reads
        std::atomic<std::int64_t> skipped;      ///< offsets without a record, up to `committed`
        std::int64_t copies_in_table = 0;       ///< duplicates that only the table knew, since the lane began
        std::atomic<bool> is_ours = false;      ///< whether a lane of this process reads it
    };

    explicit PartitionTracker(const bronze::EventLog& log) : log_(log) {}

    /// For the stage and its lanes. It takes no lock, because only grow_to() changes the container, and no
    /// lane runs then.
    [[nodiscard]] State& at(int partition) MILLRACE_NO_THREAD_SAFETY_ANALYSIS {
        return states_[static_cast<std::size_t>(partition)];
    }
    [[nodiscard]] int size() const;
    /// Adds the partitions up to this number.
    void grow_to(int partitions);
    /// Sets the partitions that lanes of this process read from now on.
    void set_ours(const std::vector<int>& partitions);

    [[nodiscard]] bool is_ours(int partition) const;
    /// Returns how many records of the log are not committed yet.
    [[nodiscard]] std::int64_t lag() const;
    /// Returns how many records of the log no lane has read yet. May ask the log over the network.
    [[nodiscard]] std::int64_t lag_unread() const;
    /// The same as far as the log's ends are known, without asking.
    [[nodiscard]] std::int64_t known_lag_unread() const;
    /// Returns how many offsets without a record were passed since the table was created.
    [[nodiscard]] std::int64_t skipped() const;
    /// Returns the progress of the partitions that this process reads.
    [[nodiscard]] std::vector<PartitionLag> progress() const;

  private:
    template <class Value>
    [[nodiscard]] std::map<int, Value> values(std::atomic<Value> State::* value) const;
    [[nodiscard]] std::int64_t known_lag(std::atomic<bronze::Offset> State::* next) const;

    const bronze::EventLog& log_;
    mutable base::Mutex mutex_;
    std::deque<State> states_ MILLRACE_GUARDED_BY(mutex_);  // indexed by the partition
};

}  // namespace millrace::silver
