#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "bronze/event_log.h"

namespace millrace::silver {

/// How far a partition is processed.
struct PartitionLag {
    int partition = 0;
    bronze::Offset committed = 0;  ///< the next offset
    bronze::Offset end = 0;        ///< the log's end, as last known
};

/// How far the stage has come in each partition, for other threads to read. Thread-safe, but for grow_to()
/// and set_ours(), which no lane may run beside.
class PartitionTracker {
  public:
    struct State {
        std::optional<bronze::Offset> end;      ///< where to stop; nothing to follow the log
        std::atomic<bronze::Offset> committed;  ///< the next offset after the last commit
        std::atomic<bronze::Offset> read;       ///< the next offset that the lane reads
        std::atomic<std::int64_t> skipped;      ///< offsets without a record, up to `committed`
        std::int64_t copies_in_table = 0;       ///< copies that only the table knew, since the lane began
        std::atomic<bool> is_ours = false;      ///< whether a lane of this process reads it
    };

    explicit PartitionTracker(const bronze::EventLog& log) : log_(log) {}

    [[nodiscard]] State& at(int partition) { return states_[static_cast<std::size_t>(partition)]; }
    [[nodiscard]] int size() const { return static_cast<int>(states_.size()); }
    void grow_to(int partitions);
    /// The partitions that lanes of this process read from now on.
    void set_ours(const std::vector<int>& partitions);

    [[nodiscard]] bool is_ours(int partition) const;
    /// Records in the log that are not committed yet.
    [[nodiscard]] std::int64_t lag() const;
    /// Records in the log that no lane has read yet.
    [[nodiscard]] std::int64_t lag_unread() const;
    /// Offsets that were passed without a record, since the table began.
    [[nodiscard]] std::int64_t skipped() const;
    [[nodiscard]] std::vector<PartitionLag> progress() const;

  private:
    [[nodiscard]] std::map<int, bronze::Offset> values(std::atomic<bronze::Offset> State::* value) const;

    const bronze::EventLog& log_;
    mutable std::mutex mutex_;
    std::deque<State> states_;  // by partition; grows under mutex_
};

}  // namespace millrace::silver
