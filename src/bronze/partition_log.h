#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/mutex.h"
#include "base/stop.h"
#include "base/units.h"
#include "bronze/high_watermarks.h"
#include "bronze/segment.h"

namespace millrace::bronze {

/// The settings of a topic's segments.
struct SegmentOptions {
    std::int64_t segment_bytes = 256 << 20;  ///< a segment that would exceed this size is closed
    /// A segment whose first record is older than the next record by more than this is closed.
    base::Duration segment_age = std::chrono::hours(168);
    base::Duration retention{0};  ///< closed segments older than this are removed; 0 keeps all
    /// The oldest closed segments beyond this total size are removed; 0 keeps all.
    std::int64_t retention_bytes = 0;
    Compression compression = Compression::none;
};

/// How long an append waits for another process that holds the partition's lock.
struct LockWait {
    base::Duration limit = std::chrono::seconds(10);
    const base::StopSignal* stop = nullptr;  ///< once stop is requested, an append waits at most one second
};

/// The writing end of one partition for all threads of a process. Processes take turns with a file lock.
///
/// Group commit: callers queue their batches, and one of them, the leader, writes and syncs everything that
/// has queued up, publishes the new end, and wakes the others. An append returns once its batch is synced. It
/// throws an Error if another process has held the lock for too long.
///
/// Recovery runs at the first append and whenever another process has written. Whole batches past the
/// published end are kept: a writer died between sync and publish, or a power loss took the published end
/// back. A last batch that is not whole is an unfinished write and is cut. Everything else is damage: a bad
/// batch before the published end, a bad batch with whole batches after it, or a bad tail while the published
/// end is unknown. Damage throws an Error that names the file and the offset, and nothing is cut.
class PartitionLog {
  public:
    /// `epoch` is that of the topic. `published` and the stop signal of `lock_wait` must outlive the log.
    PartitionLog(std::filesystem::path directory, int partition, HighWatermarks& published, int epoch,
                 SegmentOptions options, LockWait lock_wait);

    /// Sets the batch's base offset, appends the batch durably, and returns the base offset. Thread-safe.
    Offset append(std::string_view batch);

    /// Raises the published end to what the segments hold, if no other process is writing.
    void recover_if_idle();

  private:
    struct Pending {
        std::string_view batch;
        Offset base{0};
        bool done = false;
        std::exception_ptr failure;
    };

    using Clock = std::chrono::steady_clock;

    std::exception_ptr write_queue(std::vector<Pending*>& group, Clock::time_point deadline)
        MILLRACE_EXCLUDES(mutex_);
    void settle(std::vector<Pending*> group, Pending& own, const std::exception_ptr& failure)
        MILLRACE_REQUIRES(mutex_);
    void lock_until(Clock::time_point deadline);
    std::vector<Pending*> take_queue() MILLRACE_EXCLUDES(mutex_);
    void write_group(const std::vector<Pending*>& group);
    void write_batches(const std::vector<Pending*>& group);
    void catch_up();
    void recover();
    void recover_segment(const Segment& segment, Offset published_end);
    void start_before(Offset published_end);
    void cut_unfinished_write(Offset published_end);
    void roll_if_due(std::size_t more_bytes, base::WallTime timestamp);
    void open_segment(Offset base);
    void index_batch(const BatchHeader& header);
    void enforce_retention();

    const std::filesystem::path directory_;
    const int partition_;
    HighWatermarks& published_;
    const int epoch_;
    const SegmentOptions options_;
    const LockWait lock_wait_;

    base::Mutex mutex_;
    base::ConditionVariable committed_;
    std::vector<Pending*> queue_ MILLRACE_GUARDED_BY(mutex_);
    bool leading_ MILLRACE_GUARDED_BY(mutex_) = false;  // true while a caller is writing

    // Only the leader uses the members below.
    base::File lock_file_;
    base::File file_;
    Segment segment_;
    std::int64_t position_ = 0;
    Offset next_offset_{0};
    base::WallTime first_timestamp_;
    base::WallTime max_timestamp_;
    std::int64_t indexed_position_ = 0;
};

}  // namespace millrace::bronze
