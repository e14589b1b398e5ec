#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <vector>

#include "base/mutex.h"
#include "silver/stage/lane.h"

namespace millrace::silver {

/// Divides the work of several lanes into batches. The stage seals a batch for all lanes together, and no
/// lane starts the next one before all have delivered their part:
///
///     lane 1 ─ fill ─┐ seal             ┌ fill ─┐
///     lane 2 ─ fill ─┤ (each lane       ├ fill ─┤
///     lane 3 ─ fill ─┘  delivers)       └ fill ─┘
///     stage                └─ encode, commit ─┘ …
///
/// So a record is never dropped as a duplicate of a record in a later batch. Thread-safe. The lanes call the
/// first half of the functions, and the stage's thread calls the second half.
class BatchBarrier {
  public:
    /// Why a lane waits for the batch to be sealed.
    enum class Wait {
        full,     ///< the lane's part has reached a limit
        drained,  ///< the lane has nothing left to do
    };

    /// Returns the number of the batch that is being filled.
    [[nodiscard]] std::uint32_t batch() const;
    /// Returns true if the lane must deliver its part now.
    [[nodiscard]] bool sealing() const { return sealing_; }
    /// Returns true if the lane must end.
    [[nodiscard]] bool ended() const { return ended_; }
    /// Counts records that the lane has processed.
    void add_rows(std::int64_t rows);
    /// Notes that the lane has passed offsets that have no record.
    void note_moved() { moved_ = true; }
    /// Waits until the stage seals the batch or ends the lanes.
    void wait_for_seal(Wait why);
    /// Delivers the lane's part and waits for the next batch. Returns false if the lane must end.
    bool deliver(std::size_t lane, LanePart part);
    /// Reports the exception that ends a lane to the stage.
    void fail(std::exception_ptr failure);

    /// How full the current batch is.
    struct Status {
        std::int64_t rows = 0;
        bool moved = false;         ///< lanes have passed offsets that have no record
        bool full = false;          ///< a lane has reached a limit
        bool drained = false;       ///< no lane has anything left to do
        std::uint64_t changes = 0;  ///< incremented at each change that the stage may wait for
    };
    /// Starts again with a new batch and `lanes` lanes. No lane may run during the call.
    void reset(std::size_t lanes);
    /// Returns the current status. Rethrows the exception of a lane that failed.
    [[nodiscard]] Status status() const;
    /// Waits until something has changed since `seen`, or until the given time.
    void wait_for_change(const Status& seen, std::chrono::steady_clock::time_point until);
    /// Seals the batch: each lane delivers its part as soon as it notices. The caller must wake the lanes
    /// that wait for the log.
    void seal();
    /// Waits until all lanes have delivered, and returns their parts in the order of the lanes. Rethrows the
    /// exception of a lane that failed.
    std::vector<LanePart> take_parts();
    /// Lets the lanes fill the next batch.
    void open_next();
    /// Returns the number of the batch that was sealed last.
    [[nodiscard]] std::uint32_t sealed_batch() const;
    /// Tells all lanes to end.
    void end();

  private:
    void note_change() MILLRACE_REQUIRES(mutex_);

    std::atomic<bool> sealing_ = false;  // written under mutex_, so that no waiting lane misses the change
    std::atomic<bool> ended_ = false;    // written under mutex_, so that no waiting lane misses the change
    std::atomic<std::int64_t> rows_ = 0;
    std::atomic<bool> moved_ = false;
    mutable base::Mutex mutex_;
    base::ConditionVariable stage_wakes_;
    base::ConditionVariable lanes_wake_;
    std::uint32_t batch_ MILLRACE_GUARDED_BY(mutex_) = 0;      // the batch that is being filled
    std::vector<LanePart> parts_ MILLRACE_GUARDED_BY(mutex_);  // the delivered parts, by lane
    std::size_t delivered_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::size_t drained_ MILLRACE_GUARDED_BY(mutex_) = 0;  // number of lanes with nothing left to do
    bool full_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::uint64_t changes_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::exception_ptr failure_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::silver
