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

/// A sample of a conversion, which is `hits` ÷ `trials`.
struct Sample {
    std::int64_t hits = 0;
    std::int64_t trials = 0;
};

/// Returns the upper bound of the conversion's Wilson score interval at 95%.
[[nodiscard]] double wilson_upper(const Sample& sample);

/// Returns the lower bound of the conversion's Wilson score interval at 95%.
[[nodiscard]] double wilson_lower(const Sample& sample);

/// Returns true if the product has a high share of all views and its conversion is below the limit with
/// confidence.
[[nodiscard]] bool is_high_interest(const ViewPurchaseCounts& product, std::int64_t all_views,
                                    const model::GoldOptions& options);

}  // namespace millrace::gold
