#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/stop.h"
#include "base/units.h"
#include "bronze/high_watermarks.h"
#include "bronze/segment.h"

namespace millrace::bronze {

/// What a topic's segments follow.
struct SegmentOptions {
    std::int64_t segment_bytes = 256 << 20;  ///< a segment over this size is closed
    base::Duration segment_age =
        std::chrono::hours(168);       ///< so is one whose first record is so much older than the next
    base::Duration retention{0};       ///< closed segments older than this are removed; 0 keeps all
    std::int64_t retention_bytes = 0;  ///< oldest closed segments beyond this go; 0 keeps all
    Compression compression = Compression::none;
};

/// How long an append waits for another process that holds the partition's lock.
struct LockWait {
    base::Duration limit = std::chrono::seconds(10);
    const base::StopSignal* stop = nullptr;  ///< once requested, an append waits for a second at most
};

/// The writing end of one partition, for all threads of a process; processes take turns under a file lock.
///
/// Group commit: callers queue their batches, one of them writes and syncs what has queued up meanwhile,
/// publishes the new end, and wakes the others. An append returns once its batch is synced, and throws an
/// Error when another process has held the lock for too long.
///
/// Recovery, at the first append and whenever another process has written: what lies past the published end
/// is kept as far as it is whole (a writer died between sync and publish, or a power loss took the published
/// end back). A last batch that isn't whole is an unfinished write, and cut. Everything else is damage:
/// before the published end, with whole batches behind it, or where the published end isn't known. Damage is
/// an Error that names file and offset; nothing is cut then.
class PartitionLog {
  public:
    PartitionLog(std::filesystem::path directory, int partition, HighWatermarks& published,
                 SegmentOptions options, LockWait lock_wait);

    /// Appends a batch, whose base offset is set here, durably. Returns its base offset. Thread-safe.
    Offset append(std::string_view batch);

    /// Brings the published end up to what the segments hold, if no other process is writing.
    void recover_if_idle();

  private:
    struct Pending {
        std::string_view batch;
        Offset base = 0;
        bool done = false;
        std::exception_ptr failure;
    };

    using Clock = std::chrono::steady_clock;

    void lead(std::unique_lock<std::mutex>& lock, Pending& mine, Clock::time_point deadline);
    void lock_until(Clock::time_point deadline);
    std::vector<Pending*> take_queue();
    void write_group(const std::vector<Pending*>& group);
    void write_batches(const std::vector<Pending*>& group);
    void catch_up();
    void recover();
    void recover_segment(const Segment& segment, Offset published_end);
    void start_before(Offset published_end);
    void cut_unfinished_write(Offset published_end);
    void roll_if_due(std::size_t more_bytes, std::int64_t timestamp_ms);
    void open_segment(Offset base);
    void index_batch(const BatchHeader& header);
    void enforce_retention();

    const std::filesystem::path directory_;
    const int partition_;
    HighWatermarks& published_;
    const SegmentOptions options_;
    const LockWait lock_wait_;

    std::mutex mutex_;
    std::condition_variable committed_;
    std::vector<Pending*> queue_;  // guarded by mutex_
    bool leading_ = false;         // guarded by mutex_: some caller is writing

    // The leader's alone.
    base::File lock_file_;
    base::File file_;
    Segment segment_;
    std::int64_t position_ = 0;
    Offset next_offset_ = 0;
    std::int64_t first_timestamp_ms_ = 0;
    std::int64_t max_timestamp_ms_ = 0;
    std::int64_t indexed_position_ = 0;
};

}  // namespace millrace::bronze
