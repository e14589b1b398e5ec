#pragma once

#include <cstdint>

#include "gold/events.h"
#include "gold/operator.h"

namespace millrace::gold {

/// Views and purchases of one product.
struct ViewPurchaseCounts {
    std::int64_t views = 0;
    std::int64_t purchases = 0;

    void add(const Event& event) {
        views += event.kind == Kind::view ? 1 : 0;
        purchases += event.kind == Kind::purchase ? 1 : 0;
    }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(views, purchases);
    }
};

/// Returns the upper bound of the Wilson score interval at 95% for the conversion `hits` ÷ `trials`.
[[nodiscard]] double wilson_upper(std::int64_t hits, std::int64_t trials);

/// Returns the lower bound of the Wilson score interval at 95% for the conversion `hits` ÷ `trials`.
[[nodiscard]] double wilson_lower(std::int64_t hits, std::int64_t trials);

/// Returns true if the product has a high share of all views and its conversion is below the limit with
/// confidence.
[[nodiscard]] bool is_high_interest(const ViewPurchaseCounts& product, std::int64_t all_views,
                                    const model::GoldOptions& options);

}  // namespace millrace::gold
