#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "gold/state/state_archive.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// The days since 1970-01-01 UTC.
[[nodiscard]] std::int64_t utc_day(Timestamp time);

/// When ids were seen, to tell new visitors from returning ones, and which days a link changes. Events of an
/// id without a longer pause than a period form a chain, of which the first and the last time are kept.
/// Events may come in any order. Ids are hashes of their texts. Not thread-safe.
class Activity {
  public:
    explicit Activity(base::Duration period) : period_(period) {}

    /// `of_order` tells whether the event belongs to an order.
    void add(std::uint64_t id, Timestamp time, bool of_order = false);
    /// Whether an id was seen within the period before a time.
    [[nodiscard]] bool seen_before(std::uint64_t id, Timestamp time) const;
    /// Whether an id was seen after a time.
    [[nodiscard]] bool seen_after(std::uint64_t id, Timestamp time) const {
        const auto found = seen_.find(id);
        return found != seen_.end() && found->second.chain.last > time;
    }
    /// Returns the times that begin a chain of an id.
    [[nodiscard]] std::vector<Timestamp> chain_starts(std::uint64_t id) const;
    /// Whether an id had an event of an order.
    [[nodiscard]] bool has_orders(std::uint64_t id) const {
        const auto found = seen_.find(id);
        return found != seen_.end() && found->second.has_orders;
    }
    /// Returns the UTC days with events of an id within a window, among the newest 64 days of the id.
    [[nodiscard]] std::vector<std::int64_t> days_between(std::uint64_t id, Window window) const;

    /// Removes chains that end before a time.
    void forget(Timestamp time);
    /// The number of ids.
    [[nodiscard]] std::size_t size() const { return seen_.size(); }

    template <class Archive>
    void serialize(Archive& archive) {
        serialize_map(archive, seen_);
        serialize_map(archive, older_);
    }

  private:
    struct Chain {
        Timestamp first;
        Timestamp last;

        void unite(const Chain& other) {
            first = std::min(first, other.first);
            last = std::max(last, other.last);
        }
        template <class Archive>
        void serialize(Archive& archive) {
            archive(first, last);
        }
    };
    struct Seen {
        Chain chain;             // the newest one
        std::uint64_t days = 0;  // bit i is set if there were events i days before the day of the last one
        bool has_orders = false;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(chain, days, has_orders);
        }
    };
    [[nodiscard]] bool are_near(const Chain& one, const Chain& other) const {
        return one.first - other.last <= period_ && other.first - one.last <= period_;
    }
    void join(std::vector<Chain>& chains, Chain& chain) const;
    void add_chain(std::uint64_t id, Seen& seen, Chain chain);

    const base::Duration period_;
    boost::unordered_flat_map<std::uint64_t, Seen> seen_;
    boost::unordered_flat_map<std::uint64_t, std::vector<Chain>> older_;  // chains before the newest one
};

}  // namespace millrace::gold
