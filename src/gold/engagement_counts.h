#pragma once

#include <cstdint>

#include "gold/events.h"
#include "gold/output.h"
#include "gold/state/distinct.h"
#include "gold/state/money_archive.h"

namespace millrace::gold {

/// The views, carts and purchases of a group of events, with revenue and distinct users.
struct EngagementCounts {
    std::int64_t views = 0;
    std::int64_t carts = 0;
    std::int64_t purchases = 0;
    model::Money revenue = 0;
    Distinct users;

    void add(const Event& event, std::uint64_t user_hash) {
        switch (event.kind) {
            case Kind::view:
                ++views;
                break;
            case Kind::add_to_cart:
                ++carts;
                break;
            case Kind::purchase:
                ++purchases;
                revenue += event.amount();
                break;
            case Kind::refund:
            case Kind::other:
            case Kind::repeat:
            case Kind::cancellation:
                break;
        }
        users.add(user_hash);
    }
    void add(const EngagementCounts& other) {
        views += other.views;
        carts += other.carts;
        purchases += other.purchases;
        revenue += other.revenue;
        users.add(other.users);
    }
    /// Writes the columns that the tables of product, category and device metrics share.
    void write(Row row) const {
        row.count(views)
            .count(carts)
            .count(purchases)
            .count(users.count())
            .money(revenue)
            .rate(static_cast<double>(carts), static_cast<double>(views))
            .rate(static_cast<double>(purchases), static_cast<double>(views));
    }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(views, carts, purchases, users);
        archive_money(archive, revenue);
    }
};

}  // namespace millrace::gold
