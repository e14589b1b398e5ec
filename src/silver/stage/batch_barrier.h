#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <vector>

#include "silver/stage/lane.h"

namespace millrace::silver {

/// Cuts the work of several lanes into batches. The stage seals a batch for all lanes together, and no lane
/// starts the next one before all have delivered their part:
///
///     lane 1 ─ fill ─┐ seal             ┌ fill ─┐
///     lane 2 ─ fill ─┤ (each lane       ├ fill ─┤
///     lane 3 ─ fill ─┘  delivers)       └ fill ─┘
///     stage                └─ encode, commit ─┘ …
///
/// So a "duplicate" verdict never rests on an id whose batch comes later. Thread-safe; the lanes call the
/// first half, the stage's thread the second one.
class BatchBarrier {
  public:
    /// Why a lane waits for the batch to be sealed.
    enum class Wait {
        full,     ///< its part has come to a limit
        drained,  ///< it has nothing left to do
    };

    /// The number of the batch being filled.
    [[nodiscard]] std::uint32_t batch() const;
    /// Whether the lane is to deliver its part now.
    [[nodiscard]] bool sealing() const { return sealing_; }
    /// Whether the lane is to end.
    [[nodiscard]] bool ended() const { return ended_; }
    /// Counts records that the lane has processed.
    void add_rows(std::int64_t rows);
    /// Notes that the lane has passed offsets without a record.
    void note_moved() { moved_ = true; }
    /// Waits until the batch is being sealed, or the lanes are to end.
    void wait_for_seal(Wait why);
    /// Hands over the lane's part and waits for the next batch; false when the lane is to end.
    bool deliver(std::size_t lane, LanePart part);
    /// Tells the stage that the lane ends by an exception.
    void fail(std::exception_ptr failure);

    /// How full the batch is.
    struct Status {
        std::int64_t rows = 0;
        bool moved = false;         ///< offsets without a record were passed
        bool full = false;          ///< a lane has come to a limit
        bool drained = false;       ///< no lane has anything left to do
        std::uint64_t changes = 0;  ///< grows with each change that the stage may wait for
    };
    /// Begins anew, with a new batch, for so many lanes. No lane may run.
    void reset(std::size_t lanes);
    /// The status now. Rethrows the exception of a lane.
    [[nodiscard]] Status status() const;
    /// Waits for a change after `seen`, at most until then.
    void wait_for_change(const Status& seen, std::chrono::steady_clock::time_point until);
    /// Seals the batch: each lane delivers its part as soon as it notices. The caller wakes lanes that wait
    /// elsewhere.
    void seal();
    /// Waits until all lanes have delivered and returns their parts, by lane. Rethrows the exception of a
    /// lane.
    std::vector<LanePart> take_parts();
    /// Lets the lanes fill the next batch.
    void open_next();
    /// The number of the batch that was sealed last.
    [[nodiscard]] std::uint32_t sealed_batch() const;
    /// Ends the lanes.
    void end();

  private:
    void note_change();

    std::atomic<bool> sealing_ = false;  // set under mutex_, too, so that no waiting lane misses it
    std::atomic<bool> ended_ = false;    // set under mutex_, too, so that no waiting lane misses it
    std::atomic<std::int64_t> rows_ = 0;
    std::atomic<bool> moved_ = false;
    mutable std::mutex mutex_;
    std::condition_variable stage_wakes_;
    std::condition_variable lanes_wake_;
    std::uint32_t batch_ = 0;      // guarded by mutex_; the one being filled
    std::vector<LanePart> parts_;  // guarded by mutex_; delivered, by lane
    std::size_t delivered_ = 0;    // guarded by mutex_
    std::size_t drained_ = 0;      // guarded by mutex_; lanes with nothing left to do
    bool full_ = false;            // guarded by mutex_
    std::uint64_t changes_ = 0;    // guarded by mutex_
    std::exception_ptr failure_;   // guarded by mutex_
};

}  // namespace millrace::silver
