#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>

#include "gold/state/distinct.h"
#include "gold/state/window.h"
#include "gold/visit/channel.h"

namespace millrace::gold {

/// The channels of the visits in which orders were bought, for those who compute orders from other events
/// than visits. Orders are known by the hash of their id (StringPool::hash_of) and the hour of a purchase.
class OrderChannels {
  public:
    /// Notes the channel of a purchase. Of several in an hour, the first one that is noted counts.
    void add(std::uint64_t order, Timestamp purchased, Channel channel) {
        channels_.try_emplace(key(order, purchased), channel);
    }
    /// Returns the channel of an order that was bought in this hour, or nothing when none was noted.
    [[nodiscard]] std::optional<Channel> find(std::uint64_t order, Timestamp purchased) const {
        const auto found = channels_.find(key(order, purchased));
        return found == channels_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    static std::uint64_t key(std::uint64_t order, Timestamp time) {
        return combine(order, static_cast<std::uint64_t>(
                                  std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count()));
    }

    boost::unordered_flat_map<std::uint64_t, Channel> channels_;
};

}  // namespace millrace::gold
