#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "catalog/data_directory.h"
#include "gold/output.h"

namespace millrace::gold {

/// What happened on the last day that Gold knows, for people: closed windows and open ones.
struct GoldSummary {
    struct Money {
        std::string currency;
        std::int64_t orders = 0;
        std::string gross;  ///< decimal
        std::string net;
    };
    struct Product {
        std::string id;
        std::int64_t views = 0;
        std::int64_t carts = 0;
        std::int64_t purchases = 0;
    };
    struct HighInterestProduct {
        std::string product_id;
        double share_of_views = 0;
        double conversion_upper = 0;  ///< at 95%
    };

    std::string day;
    std::int64_t sessions = 0;  ///< and how many of them came to each step of the funnel
    std::int64_t viewed = 0;
    std::int64_t carted = 0;
    std::int64_t purchased = 0;
    std::vector<Money> money;
    std::vector<Product> products;  ///< the most viewed ones
    std::vector<HighInterestProduct> high_interest;
    std::vector<model::Alert> alerts;  ///< that began to fire, in order

    [[nodiscard]] base::json::object to_json() const;
    [[nodiscard]] std::string text() const;
};

/// `open` has the open windows (GoldStage::peek()); what is closed is read from the tables. Alerts are those
/// after a sequence number.
GoldSummary summarize_gold(const catalog::DataDirectory& data, Output& open, std::int64_t alerts_before);

}  // namespace millrace::gold
