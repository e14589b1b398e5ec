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

/// How high the conversion `hits` of `trials` may really be: the upper bound of Wilson's score interval at
/// 95%.
[[nodiscard]] double wilson_upper(std::int64_t hits, std::int64_t trials);

/// Likewise how low.
[[nodiscard]] double wilson_lower(std::int64_t hits, std::int64_t trials);

/// Whether a product has much of all views and, for certain, little conversion.
[[nodiscard]] bool is_high_interest(const ViewPurchaseCounts& product, std::int64_t all_views,
                                    const model::GoldOptions& options);

}  // namespace millrace::gold
