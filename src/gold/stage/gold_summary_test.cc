#include "gold/stage/gold_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::gold {
namespace {

using testing::HasSubstr;

TEST(GoldSummary, OneOfAKindIsSingular) {
    GoldSummary summary;
    summary.sessions = 1;
    summary.money = {{.currency = "EUR", .orders = 1, .gross = "9.5000", .net = "0.0000"}};
    summary.products = {{.id = "p1", .views = 1, .carts = 0, .purchases = 1},
                        {.id = "p2", .views = 2'257, .carts = 94, .purchases = 24}};
    const std::string text = summary.text();
    EXPECT_THAT(text, HasSubstr("  funnel       1 session, 0 viewed"));
    EXPECT_THAT(text, HasSubstr("  revenue      9.50 EUR in 1 order (0.00 after refunds)\n"));
    EXPECT_THAT(text, HasSubstr("  p1                   1 view        0 carts         1 purchase\n"
                                "  p2              2,257 views       94 carts       24 purchases\n"));
}

TEST(GoldSummary, AmountsAreShownAsPeopleWriteThem) {
    GoldSummary summary;
    summary.money = {{.currency = "EUR", .orders = 2'211, .gross = "1057653.9600", .net = "-1234.5678"}};
    EXPECT_THAT(summary.text(),
                HasSubstr("revenue      1,057,653.96 EUR in 2,211 orders (-1,234.5678 after refunds)\n"));
    summary.money = {{.currency = "EUR", .orders = 0, .gross = "100.0000", .net = "-100.0000"}};
    EXPECT_THAT(summary.text(), HasSubstr("revenue      100.00 EUR in 0 orders (-100.00 after refunds)\n"));
}

}  // namespace
}  // namespace millrace::gold
