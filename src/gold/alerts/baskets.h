#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>

#include "gold/distinct.h"
#include "gold/events.h"
#include "gold/window.h"

namespace millrace::gold {

/// What becomes of carts: a session that put something into the cart and then, for a while, neither does so
/// again nor buys has abandoned it, unless its last purchase came after.
class Baskets {
  public:
    /// How long a session may take to buy.
    static constexpr Timestamp patience = 30 * model::us_per_minute;

    struct Outcome {
        std::int64_t carts = 0;  ///< sessions whose time is over
        std::int64_t abandoned = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(carts, abandoned);
        }
    };

    void add(const Event& event, std::uint64_t session);
    /// Decides the carts whose time is over before `end`, and forgets outcomes from before `keep_from`.
    void pass(Timestamp end, Timestamp keep_from);
    [[nodiscard]] Outcome in(Window window) const;

    template <class Archive>
    void save(Archive& archive) const {
        archive(outcomes_, open_.size());
        for (const auto& [session, basket] : open_) archive(session, basket.carted, basket.bought);
    }
    template <class Archive>
    void load(Archive& archive) {
        std::size_t count = 0;
        archive(outcomes_, count);
        for (; count > 0; --count) {
            std::uint64_t session = 0;
            Basket basket;
            archive(session, basket.carted, basket.bought);
            open_.emplace(session, basket);
        }
    }

  private:
    struct Basket {
        Timestamp carted = no_watermark;  // the last time
        Timestamp bought = no_watermark;
    };

    boost::unordered_flat_map<std::uint64_t, Basket> open_;  // by 64 bits of the session
    std::map<Timestamp, Outcome> outcomes_;                  // by the minute in which they were decided
};

}  // namespace millrace::gold
