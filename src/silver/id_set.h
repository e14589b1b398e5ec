#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/shop_settings.h"
#include "model/timestamp.h"

namespace millrace::silver {

/// A 128-bit hash (XXH3) of an event_id. Among a hundred million ids, two have the same hash with a
/// probability of about 1e-23.
struct IdHash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend bool operator==(const IdHash&, const IdHash&) = default;
};

/// Returns the hash of an id. With model::DedupeScope::partition, equal ids of two partitions have different
/// hashes.
IdHash hash_id(std::string_view event_id, model::DedupeScope scope = model::DedupeScope::table,
               int partition = 0);

/// The event_ids within the horizon of deduplication, shared by all lanes, within a memory budget.
///
/// Each entry has the number of the batch that added it. The entries of a batch that is not committed are
/// provisional: they are never dropped, and roll_back() removes them.
///
/// An entry is dropped according to the time of its event, but a duplicate may have any time. So an id that
/// insert() finds to be new may be one that was dropped. This is possible if the event is older than floor(),
/// and for an event of any time while the set is shortened(). The caller then looks the id up in the table.
class IdSet {
  public:
    /// The memory of one id in bytes, including the free slots between entries.
    static constexpr std::int64_t bytes_per_id = 33;

    /// `budget_bytes` limits the memory. When the limit is reached, the floor rises, and floor_raised()
    /// reports it.
    explicit IdSet(std::size_t budget_bytes);
    ~IdSet();
    IdSet(const IdSet&) = delete;
    IdSet& operator=(const IdSet&) = delete;

    /// Starts to load the cache line that insert() will read. Thread-safe.
    void prefetch(const IdHash& id) const;
    /// Adds an id. Returns false if the set has it already. Thread-safe.
    bool insert(const IdHash& id, model::Timestamp time, std::uint32_t batch);

    /// Entries of events before this time may be missing.
    [[nodiscard]] model::Timestamp floor() const { return floor_.load(); }
    /// The start of the horizon. Ids of events before this time need not be held.
    [[nodiscard]] model::Timestamp horizon_start() const { return allowed_.load(); }
    /// Returns true while the budget does not allow the whole horizon: ids of events between horizon_start()
    /// and floor() may be missing.
    [[nodiscard]] bool shortened() const {
        // Read first, so that a horizon start that the floor was raised to is seen.
        const model::Timestamp floor = this->floor();
        return floor > horizon_start();
    }
    /// Allocates room for `ids` entries, within the budget. Failure to allocate is not an error: the set then
    /// grows as entries come.
    void reserve(std::size_t ids);
    /// Sets the start of the horizon. The caller then loads all ids of events from that time on.
    void start_horizon(model::Timestamp time) {
        allowed_.store(time);
        floor_.store(time);
    }
    /// Moves the start of the horizon forward to `time`, never back. Committed entries before it are dropped
    /// when room is needed.
    void allow_dropping_before(model::Timestamp time);
    /// Returns true if the budget has forced the floor above the start of the horizon since the last call.
    bool floor_raised() { return floor_raised_.exchange(false); }

    /// Declares that all batches up to this one are committed. Batches count from 1; batch 0 is what was
    /// loaded from the table.
    void set_committed(std::uint32_t batch) { committed_.store(batch); }
    /// Removes the provisional entries. No other thread may use the set during the call.
    void roll_back();

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t memory_bytes() const { return bytes_.load(std::memory_order_relaxed); }

  private:
    struct Shard;
    static constexpr std::size_t shard_count = 16;

    [[nodiscard]] Shard& shard_of(const IdHash& id) const;

    const std::size_t budget_bytes_;
    std::unique_ptr<Shard[]> shards_;
    std::atomic<model::Timestamp> floor_;
    // The start of the horizon; the floor may rise to it without loss.
    std::atomic<model::Timestamp> allowed_;
    std::atomic<std::uint32_t> committed_ = 0;
    std::atomic<std::size_t> bytes_ = 0;
    std::atomic<bool> floor_raised_ = false;
};

}  // namespace millrace::silver
