#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/shop_settings.h"
#include "model/timestamp.h"

namespace millrace::silver {

/// 128 bits that stand for an event_id (XXH3). Two ids share one with a chance of about 1e-23 among a hundred
/// million.
struct IdHash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend bool operator==(const IdHash&, const IdHash&) = default;
};

/// The hash of an id; with model::DedupeScope::partition equal ids of two partitions have different ones.
IdHash hash_id(std::string_view event_id, model::DedupeScope scope = model::DedupeScope::table,
               int partition = 0);

/// The event_ids within the dedupe horizon, shared by all lanes, under a memory budget.
///
/// Each entry has the batch that brought it. Entries of a batch that isn't committed are provisional: they
/// are never dropped, and roll_back() takes them out.
///
/// An entry is dropped by the time of its own event, but a copy may have any time. So an id that insert()
/// finds new may be one that was dropped: when its event is older than floor(), or whatever its event's time
/// while the set is shortened(). Then the caller looks it up in the table.
class IdSet {
  public:
    /// Bytes that an id takes, the room between entries included.
    static constexpr std::int64_t bytes_per_id = 33;

    /// `budget_bytes` bounds the memory; when it is hit the floor rises and floor_raised() tells.
    explicit IdSet(std::size_t budget_bytes);
    ~IdSet();
    IdSet(const IdSet&) = delete;
    IdSet& operator=(const IdSet&) = delete;

    /// Starts loading the memory that insert() will look at.
    void prefetch(const IdHash& id) const;
    /// Adds an id; false when it is there already. Thread-safe.
    bool insert(const IdHash& id, model::Timestamp time, std::uint32_t batch);

    /// Entries from before this time may be missing.
    [[nodiscard]] model::Timestamp floor() const { return floor_us_.load(); }
    /// Where the horizon begins: ids of older events need not be held.
    [[nodiscard]] model::Timestamp horizon_start() const { return allowed_us_.load(); }
    /// True while the budget keeps the set from holding the whole horizon: the ids of events between
    /// horizon_start() and floor() may be missing.
    [[nodiscard]] bool shortened() const {
        const model::Timestamp floor = this->floor();  // first, so that a start that it was raised to is seen
        return floor > horizon_start();
    }
    /// Makes room for `ids` at once, within the budget, if there is the memory for it.
    void reserve(std::size_t ids);
    /// Declares that the horizon begins at `time`: all ids of events from then on are loaded next.
    void start_horizon(model::Timestamp time) {
        allowed_us_.store(time);
        floor_us_.store(time);
    }
    /// Moves the horizon's start up to `time`, never back: committed entries from before it are dropped when
    /// room is needed.
    void allow_dropping_before(model::Timestamp time);
    /// True once since the last call when the budget forced the floor above what was allowed.
    bool floor_raised() { return floor_raised_.exchange(false); }

    /// All batches up to this one are committed. Batches count from 1; 0 stands for what is loaded from the
    /// table.
    void set_committed(std::uint32_t batch) { committed_.store(batch); }
    /// Takes out the provisional entries. No other thread may use the set meanwhile.
    void roll_back();

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t memory_bytes() const { return bytes_.load(std::memory_order_relaxed); }

  private:
    struct Shard;
    static constexpr std::size_t shard_count = 16;

    [[nodiscard]] Shard& shard_of(const IdHash& id) const;
    void make_room(Shard& shard);
    void rebuild(Shard& shard, std::size_t capacity, bool drop_provisional);
    void raise_floor(const Shard& shard);
    [[nodiscard]] bool droppable(std::uint32_t seconds, std::uint32_t batch) const;

    const std::size_t budget_bytes_;
    std::unique_ptr<Shard[]> shards_;
    std::atomic<model::Timestamp> floor_us_;
    std::atomic<model::Timestamp> allowed_us_;  // the horizon's start, which the floor may be raised to
    std::atomic<std::uint32_t> committed_ = 0;
    std::atomic<std::size_t> bytes_ = 0;
    std::atomic<bool> floor_raised_ = false;
};

}  // namespace millrace::silver
