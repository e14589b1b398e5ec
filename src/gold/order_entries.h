#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "gold/state/window.h"

namespace millrace::gold {

/// A line of an order, what its sender says of the whole order, a refund or a cancellation.
struct OrderEntry {
    /// What `line` is for entries that are no lines. The hash of a line is odd.
    static constexpr std::uint64_t refund = 0;
    static constexpr std::uint64_t cancellation = 2;
    static constexpr std::uint64_t amounts = 4;

    std::uint64_t line = 0;  ///< Event::line, or what the entry is
    Timestamp first;
    /// The time of its last repeat. No repeat is further than the period from the one before.
    Timestamp last;
    std::int64_t amount = 0;  ///< what it adds to the worth of the order, as Money

    [[nodiscard]] bool is_line() const { return line % 2 != 0; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(line, first, last, amount);
    }
};

/// The entries of one order, and what they say of each other. `period` is how far back entries of an order
/// are looked for. A broken sender may name one order only, so a lookup takes time logarithmic in the
/// entries. Not thread-safe.
class OrderEntries {
  public:
    /// Adds an entry that repeats none.
    void insert(const OrderEntry& entry);
    /// Adds an entry, unless it repeats one. Returns whether it counts.
    bool add(const OrderEntry& entry, base::Duration period);
    /// Does so for one that came late, which takes the place of a later one. The time of that one is added to
    /// `displaced`.
    bool add_late(const OrderEntry& entry, base::Duration period, std::set<Timestamp>& displaced);
    /// Judges the cancellations again that an entry at this time may have changed, after it came late. Their
    /// times are added to `displaced`.
    void judge_cancellations(Timestamp since, base::Duration period, std::set<Timestamp>& displaced);
    /// What a cancellation refunds: what is left of the order. Nothing where no line counts.
    [[nodiscard]] std::optional<std::int64_t> left_at(Timestamp time, base::Duration period) const;

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// Removes the entries whose last repeat was before a time. Returns their number.
    std::size_t forget(Timestamp end);

    template <class Archive>
    void serialize(Archive& archive) {
        archive(entries_);
    }

  private:
    [[nodiscard]] OrderEntry* find(std::uint64_t line, Timestamp time, base::Duration period);

    std::vector<OrderEntry> entries_;  // sorted by line
};

}  // namespace millrace::gold
