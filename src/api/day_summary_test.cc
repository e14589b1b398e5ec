#include "api/day_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::api {
namespace {

using testing::HasSubstr;

std::string text_of(const char* members) {
    const auto row = base::parse_json(
        R"({"day": "2026-10-01", "sessions": 1, "sessions_viewed": 0, "sessions_carted": 0,
            "sessions_purchased": 0, "revenue": [], "top_products": [], "high_interest": [], "alerts": []})",
        "the row");
    base::json::object whole = row.as_object();
    const auto more = base::parse_json(members, "the members");
    for (const auto& [name, value] : more.as_object()) whole[name] = value;
    return DaySummary(std::move(whole)).text();
}

TEST(DaySummary, OneOfAKindIsSingular) {
    const std::string text = text_of(R"({
        "revenue": [{"currency": "EUR", "orders": 1, "gross_revenue": "9.5000", "net_revenue": "0.0000"}],
        "top_products": [{"product_id": "p1", "views": 1, "carts": 0, "purchases": 1},
                         {"product_id": "p2", "views": 2257, "carts": 94, "purchases": 24}]})");
    EXPECT_THAT(text, HasSubstr("  funnel       1 session, 0 viewed"));
    EXPECT_THAT(text, HasSubstr("  revenue      9.50 EUR in 1 order (0.00 net)\n"));
    EXPECT_THAT(text, HasSubstr("  p1                   1 view        0 carts         1 purchase\n"
                                "  p2              2,257 views       94 carts       24 purchases\n"));
}

TEST(DaySummary, AmountsAreShownAsPeopleWriteThem) {
    EXPECT_THAT(text_of(R"({"revenue": [{"currency": "EUR", "orders": 2211, "gross_revenue": "1057653.9600",
                                         "net_revenue": "-1234.5678"}]})"),
                HasSubstr("revenue      1,057,653.96 EUR in 2,211 orders (-1,234.5678 net)\n"));
    EXPECT_THAT(text_of(R"({"revenue": [{"currency": "EUR", "orders": 0, "gross_revenue": "100.0000",
                                         "net_revenue": "-100.0000"}]})"),
                HasSubstr("revenue      100.00 EUR in 0 orders (-100.00 net)\n"));
}

TEST(DaySummary, OnlyTheLastAlertsAreShown) {
    std::string alerts;
    for (int i = 1; i <= 7; ++i)
        alerts += std::string(i == 1 ? "" : ",") + R"({"rule": "traffic_gap", "message": "m)" +
                  std::to_string(i) + R"("})";
    const std::string text = text_of((R"({"alerts": [)" + alerts + "]}").c_str());
    EXPECT_THAT(text, HasSubstr("7 alerts, the last 5 are below"));
    EXPECT_THAT(text, HasSubstr("traffic_gap: m3\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("m2")));
}

}  // namespace
}  // namespace millrace::api
