#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "catalog/data_directory.h"
#include "gold/output.h"

namespace millrace::gold {

/// A summary of the last day in Gold's tables and open windows.
struct GoldSummary {
    struct Money {
        std::string currency;
        std::int64_t orders = 0;
        std::string gross;  ///< a decimal number, such as 12.5000
        std::string net;    ///< a decimal number: gross revenue after refunds
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
        double conversion_upper = 0;  ///< the upper bound of the 95% confidence interval
    };

    std::string day;
    std::int64_t sessions = 0;
    std::int64_t viewed = 0;     ///< sessions with a view
    std::int64_t carted = 0;     ///< sessions that reached the cart
    std::int64_t purchased = 0;  ///< sessions that reached a purchase
    std::vector<Money> money;
    std::vector<Product> products;  ///< the most viewed products
    std::vector<HighInterestProduct> high_interest;
    std::vector<model::Alert> alerts;  ///< alerts that fired, in the order of their sequence numbers

    [[nodiscard]] base::json::object to_json() const;
    [[nodiscard]] std::string text() const;
};

/// Summarizes the tables together with `open`, the rows of the open windows (OpenWindowsChannel), which are
/// taken from it. Includes alerts after the sequence number `alerts_before`.
GoldSummary summarize_gold(const catalog::DataDirectory& data, Output& open, std::int64_t alerts_before);

}  // namespace millrace::gold
