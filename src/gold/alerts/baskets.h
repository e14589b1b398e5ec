#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>

#include "gold/events.h"
#include "gold/state/distinct.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// Counts abandoned carts. A session has abandoned its cart if it has put something into it and then, for 30
/// minutes, neither does so again nor buys, unless its last purchase came after the last addition. Not
/// thread-safe.
class Baskets {
  public:
    /// A session abandons its cart if it does not buy within this time.
    static constexpr base::Duration abandoned_after = std::chrono::minutes(30);

    struct Outcome {
        std::int64_t carts = 0;  ///< sessions whose cart is decided
        std::int64_t abandoned = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(carts, abandoned);
        }
    };

    /// Adds an event of a session, which is identified by 64 bits.
    void add(const Event& event, std::uint64_t session);
    /// Decides the carts whose time has passed before `end`, and drops outcomes from before `keep_from`.
    void pass(Timestamp end, Timestamp keep_from);
    /// Returns the outcome of the carts that were decided within the window.
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
        Timestamp carted = no_watermark;  // time of the last addition to the cart
        Timestamp bought = no_watermark;  // time of the last purchase
    };

    boost::unordered_flat_map<std::uint64_t, Basket> open_;  // by a 64-bit hash of the session
    std::map<Timestamp, Outcome> outcomes_;                  // by the minute in which the carts were decided
};

}  // namespace millrace::gold
