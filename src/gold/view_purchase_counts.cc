#include "gold/view_purchase_counts.h"

#include <algorithm>
#include <cmath>

namespace millrace::gold {

namespace {

/// Returns the bound of the Wilson score interval: the upper one if `sign` is 1, the lower one if it is -1.
double wilson_bound(const Sample& sample, double sign) {
    constexpr double z = 1.96;
    const auto n = static_cast<double>(sample.trials);
    // A product may have purchases whose views were not sent, so the quotient may be above 1.
    const double p = std::min(static_cast<double>(sample.hits) / n, 1.0);
    const double center = p + z * z / (2 * n);
    const double margin = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return (center + sign * margin) / (1 + z * z / n);
}

}  // namespace

double wilson_upper(const Sample& sample) {
    return wilson_bound(sample, 1);
}

double wilson_lower(const Sample& sample) {
    return wilson_bound(sample, -1);
}

bool is_high_interest(const ViewPurchaseCounts& product, std::int64_t all_views,
                      const model::GoldOptions& options) {
    if (product.views < std::max<std::int64_t>(options.interest_views, 1)) return false;
    const double share = static_cast<double>(product.views) / static_cast<double>(all_views);
    return share >= options.interest_share &&
           wilson_upper({.hits = product.purchases, .trials = product.views}) < options.interest_conversion;
}

}  // namespace millrace::gold
