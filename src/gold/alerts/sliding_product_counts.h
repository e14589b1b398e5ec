#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <map>

#include "gold/state/strings.h"
#include "gold/state/window.h"
#include "gold/view_purchase_counts.h"

namespace millrace::gold {

/// Views and purchases by product in a window that slides over event time in steps of ten seconds. Not
/// thread-safe.
class SlidingProductCounts {
  public:
    static constexpr base::Duration step = std::chrono::seconds(10);

    /// Adds an event, unless it is from before the window.
    void add(const Event& event);
    /// Moves the window to `window`, whose end must be a multiple of `step`. Products with at least
    /// `min_views` views become candidates.
    void slide(const Window& window, std::int64_t min_views);

    [[nodiscard]] std::int64_t views() const { return views_; }
    [[nodiscard]] const ViewPurchaseCounts& of(StringId product) const { return sums_.at(product); }
    [[nodiscard]] const boost::unordered_flat_set<StringId>& candidates() const { return candidates_; }
    void mark(Marks& marks) const;

    template <class Archive>
    void save(Archive& archive) const {
        archive(window_.start, window_.end, min_views_, steps_.size());
        for (const auto& [start, products] : steps_) {
            archive(start, products.size());
            for (const auto& [product, counts] : products) archive(product, counts);
        }
    }
    template <class Archive>
    void load(Archive& archive) {
        std::size_t steps = 0;
        archive(window_.start, window_.end, min_views_, steps);
        for (; steps > 0; --steps) {
            Timestamp start;
            std::size_t products = 0;
            archive(start, products);
            for (; products > 0; --products) {
                StringId product = 0;
                ViewPurchaseCounts counts;
                archive(product, counts);
                steps_[start].emplace(product, counts);
                if (window_.contains(start)) add_to_sum(product, counts, 1);
            }
        }
    }

  private:
    using Products = boost::unordered_flat_map<StringId, ViewPurchaseCounts>;

    void add_to_sum(StringId product, const ViewPurchaseCounts& counts, int sign);

    Window window_;  // the window of sums_
    std::int64_t min_views_ = 0;
    std::int64_t views_ = 0;
    std::map<Timestamp, Products> steps_;
    Products sums_;
    boost::unordered_flat_set<StringId> candidates_;
};

}  // namespace millrace::gold
