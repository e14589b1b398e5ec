#include "silver/id_set.h"

#include <sys/mman.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <new>
#include <thread>

#include "base/mutex.h"

namespace millrace::silver {

namespace {

struct Entry {
    IdHash id;  // {0, 0}: the slot is empty
    std::uint32_t seconds = 0;
    std::uint32_t batch = 0;

    [[nodiscard]] bool empty() const { return id == IdHash{}; }
};
static_assert(sizeof(Entry) == 24);

constexpr std::size_t initial_capacity = 64;
constexpr double full = 0.75;
constexpr double growth = 1.5;

std::uint32_t seconds_of(model::Timestamp time) {
    const std::int64_t seconds =
        std::max(time, model::Timestamp()).time_since_epoch() / std::chrono::seconds(1);
    return static_cast<std::uint32_t>(
        std::min<std::int64_t>(seconds, std::numeric_limits<std::uint32_t>::max()));
}

/// Returns the end of the second that seconds_of() has returned.
model::Timestamp end_of(std::uint32_t seconds) {
    return std::chrono::sys_seconds(std::chrono::seconds(seconds + std::int64_t{1}));
}

/// Raises `value` to `least`, unless it is that high already.
void raise_to(std::atomic<model::Timestamp>& value, model::Timestamp least) {
    model::Timestamp before = value.load(std::memory_order_relaxed);
    while (least > before && !value.compare_exchange_weak(before, least)) {
    }
}

/// Allocates zeroed memory for random access. Huge pages save TLB misses. The kernel clears a page at its
/// first access, so that the lanes do this in parallel, and not the thread that allocates.
template <typename Value>
struct ZeroedPages {
    using value_type = Value;

    ZeroedPages() = default;
    template <typename Other>
    explicit ZeroedPages(const ZeroedPages<Other>& /*other*/) {}

    Value* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(Value);
        void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        ::madvise(memory, bytes, MADV_HUGEPAGE);
        return static_cast<Value*>(memory);
    }
    void deallocate(Value* memory, std::size_t count) { ::munmap(memory, count * sizeof(Value)); }
    /// Does nothing: zeroed memory is a valid default value, and the page stays untouched.
    void construct(Value* /*value*/) {}

    friend bool operator==(const ZeroedPages& /*a*/, const ZeroedPages& /*b*/) { return true; }
};

/// A lock that is held for tens of nanoseconds, so that spinning is cheaper than sleeping.
class MILLRACE_CAPABILITY("mutex") SpinLock {
  public:
    void lock() MILLRACE_ACQUIRE() {
        for (int spins = 0; locked_.exchange(true, std::memory_order_acquire); ++spins) {
            while (locked_.load(std::memory_order_relaxed)) {
                if (++spins > 200) std::this_thread::yield();
            }
        }
    }
    void unlock() MILLRACE_RELEASE() { locked_.store(false, std::memory_order_release); }

  private:
    std::atomic<bool> locked_ = false;
};

}  // namespace

/// A hash table with open addressing and linear probing. It multiplies the hash by the capacity instead of
/// masking it, so that the capacity need not be a power of two.
struct alignas(64) IdSet::Shard {
    SpinLock lock;
    std::vector<Entry, ZeroedPages<Entry>> slots MILLRACE_GUARDED_BY(lock);
    std::size_t used MILLRACE_GUARDED_BY(lock) = 0;
    std::atomic<const Entry*> data = nullptr;  // for prefetch(), which takes no lock
    std::atomic<std::size_t> capacity = 0;

    static std::size_t slot_of(const IdHash& id, std::size_t capacity) {
        return static_cast<std::size_t>((static_cast<unsigned __int128>(id.low) * capacity) >> 64U);
    }
    /// Returns the slot of `id`, or the empty slot where `id` belongs.
    Entry& find(const IdHash& id) MILLRACE_REQUIRES(lock) {
        std::size_t slot = slot_of(id, slots.size());
        while (!slots[slot].empty() && slots[slot].id != id) slot = slot + 1 == slots.size() ? 0 : slot + 1;
        return slots[slot];
    }
    /// Returns whether an entry of `set` need not be kept: it is committed and below the floor. Entries have
    /// a resolution of one second, so they stay until the whole second is below the floor.
    static bool is_droppable(const IdSet& set, const Entry& entry) {
        return end_of(entry.seconds) <= set.floor() &&
               entry.batch <= set.committed_.load(std::memory_order_relaxed);
    }
    /// Makes room for an entry of `set`: drops entries, or grows.
    void make_room(IdSet& set) MILLRACE_REQUIRES(lock);
    /// Raises the floor of `set` above a quarter of the committed entries.
    void raise_floor(IdSet& set) const MILLRACE_REQUIRES(lock);
    /// Moves the entries that `set` keeps into `new_capacity` slots.
    void rebuild(IdSet& set, std::size_t new_capacity, bool drop_provisional) MILLRACE_REQUIRES(lock);
};

IdHash hash_id(std::string_view event_id, model::DedupeScope scope, int partition) {
    const XXH64_hash_t seed =
        scope == model::DedupeScope::table ? 0 : static_cast<XXH64_hash_t>(partition) + 1;
    const XXH128_hash_t hash = XXH3_128bits_withSeed(event_id.data(), event_id.size(), seed);
    IdHash id{hash.low64, hash.high64};
    if (id == IdHash{}) id.low = 1;
    return id;
}

IdSet::IdSet(std::size_t budget_bytes)
    : budget_bytes_(budget_bytes),
      shards_(std::make_unique<Shard[]>(shard_count)),
      floor_(model::Timestamp::min()),
      allowed_(model::Timestamp::min()) {
    for (std::size_t i = 0; i < shard_count; ++i) shards_[i].rebuild(*this, initial_capacity, false);
}

IdSet::~IdSet() = default;

IdSet::Shard& IdSet::shard_of(const IdHash& id) const {
    return shards_[id.high >> 60U];
}

void IdSet::prefetch(const IdHash& id) const {
    const Shard& shard = shard_of(id);
    const auto capacity = shard.capacity.load(std::memory_order_relaxed);
    __builtin_prefetch(shard.data.load(std::memory_order_relaxed) + Shard::slot_of(id, capacity), 1, 1);
}

bool IdSet::insert(const IdHash& id, model::Timestamp time, std::uint32_t batch) {
    Shard& shard = shard_of(id);
    const base::MutexLock lock(shard.lock);
    Entry* entry = &shard.find(id);
    if (!entry->empty()) return false;
    if (static_cast<double>(shard.used + 1) > full * static_cast<double>(shard.slots.size())) {
        shard.make_room(*this);
        entry = &shard.find(id);
    }
    *entry = {id, seconds_of(time), batch};
    ++shard.used;
    return true;
}

void IdSet::reserve(std::size_t ids) {
    const std::size_t affordable = budget_bytes_ / sizeof(Entry) / shard_count;
    const auto wanted = static_cast<std::size_t>(static_cast<double>(ids) / shard_count / full * 1.05);
    try {
        for (std::size_t i = 0; i < shard_count; ++i) {
            Shard& shard = shards_[i];
            const base::MutexLock lock(shard.lock);
            const std::size_t capacity = std::min(wanted, affordable);
            if (capacity > shard.slots.size()) shard.rebuild(*this, capacity, false);
        }
    } catch (const std::bad_alloc&) {
        // The shards then grow step by step, as far as memory allows.
    }
}

void IdSet::allow_dropping_before(model::Timestamp time) {
    raise_to(allowed_, time);
}

void IdSet::Shard::make_room(IdSet& set) {
    raise_to(set.floor_, set.allowed_.load());
    const auto droppable_now =
        std::ranges::count_if(slots, [&](const Entry& e) { return !e.empty() && is_droppable(set, e); });
    const std::size_t kept = used - static_cast<std::size_t>(droppable_now);
    std::size_t new_capacity = slots.size();
    if (static_cast<double>(kept) > full / growth * static_cast<double>(slots.size())) {
        const auto grown = static_cast<std::size_t>(static_cast<double>(slots.size()) * growth);
        const bool affordable =
            set.bytes_.load() + (grown - slots.size()) * sizeof(Entry) <= set.budget_bytes_;
        if (!affordable) raise_floor(set);
        const auto stuck =
            std::ranges::count_if(slots, [&](const Entry& e) { return !e.empty() && !is_droppable(set, e); });
        // Provisional entries stay even beyond the budget; the size of a batch bounds their number.
        if (affordable || static_cast<double>(stuck) > 0.95 * full * static_cast<double>(slots.size()))
            new_capacity = grown;
    }
    rebuild(set, new_capacity, false);
}

void IdSet::Shard::raise_floor(IdSet& set) const {
    std::vector<std::uint32_t> times;
    for (const Entry& entry : slots) {
        if (!entry.empty() && entry.batch <= set.committed_.load()) times.push_back(entry.seconds);
    }
    if (times.empty()) return;
    const auto cut = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 4);
    std::ranges::nth_element(times, cut);
    raise_to(set.floor_, end_of(*cut));
    set.floor_raised_ = true;
}

void IdSet::Shard::rebuild(IdSet& set, std::size_t new_capacity, bool drop_provisional) {
    std::vector<Entry, ZeroedPages<Entry>> old(new_capacity);
    set.bytes_ += new_capacity * sizeof(Entry);
    old.swap(slots);
    used = 0;
    const std::uint32_t committed = set.committed_.load();
    for (const Entry& entry : old) {
        if (entry.empty() || is_droppable(set, entry)) continue;
        if (drop_provisional && entry.batch > committed) continue;
        find(entry.id) = entry;
        ++used;
    }
    data.store(slots.data(), std::memory_order_relaxed);
    capacity.store(slots.size(), std::memory_order_relaxed);
    set.bytes_ -= old.size() * sizeof(Entry);
}

void IdSet::roll_back() {
    for (std::size_t i = 0; i < shard_count; ++i) {
        Shard& shard = shards_[i];
        const base::MutexLock lock(shard.lock);
        shard.rebuild(*this, shard.slots.size(), true);
    }
}

std::size_t IdSet::size() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < shard_count; ++i) {
        Shard& shard = shards_[i];
        const base::MutexLock lock(shard.lock);
        total += shard.used;
    }
    return total;
}

}  // namespace millrace::silver
