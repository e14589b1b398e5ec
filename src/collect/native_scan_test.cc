#include "collect/native_scan.h"

#include <gtest/gtest.h>

#include "bronze/record.h"

namespace millrace::collect {
namespace {

struct Scanned {
    PendingMessage message;
    std::vector<Warning> warnings;
};

Scanned scan(std::string text) {
    const std::size_t size = text.size();
    text.append(bronze::record_padding, '\0');
    Scanned scanned;
    NativeScan().scan(std::string_view(text).substr(0, size), 7, scanned.message, scanned.warnings);
    return scanned;
}

TEST(NativeScan, TheKeyIsTheUserElseTheVisitor) {
    EXPECT_EQ(scan(R"({"anonymous_id":"a","user_id":"u"})").message.key, "u");
    EXPECT_EQ(scan(R"({"user_id":"","anonymous_id":"a"})").message.key, "a");
    EXPECT_EQ(scan(R"({"user_id":"\u00fc","price":NaN})").message.key, "ü") << "damaged after the key";
    EXPECT_FALSE(scan(R"({"user_id":5})").message.has_key);
    EXPECT_FALSE(scan("[]").message.has_key);
    EXPECT_FALSE(scan("\xff").message.has_key);
}

TEST(NativeScan, WarnsOfNamesAndTypesThatOnlyResembleKnownOnes) {
    const auto warnings =
        scan(R"({"event_type":"viewed","productId":"p1","Price":1,"price":2,"colour":"red"})").warnings;
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_EQ(warnings[0].index, 7U);
    EXPECT_EQ(warnings[0].field, "productId");
    EXPECT_EQ(warnings[0].message, "productId is not a field that Millrace reads; product_id is.");
    EXPECT_EQ(warnings[1].field, "event_type");
}

TEST(NativeScan, TheNumberOfWarningsIsBounded) {
    NativeScan scanner;
    std::vector<Warning> warnings;
    std::string text = R"({"productId":"p"})";
    const std::size_t size = text.size();
    text.append(bronze::record_padding, '\0');
    PendingMessage message;
    for (std::size_t i = 0; i < 2 * NativeScan::max_warnings; ++i)
        scanner.scan(std::string_view(text).substr(0, size), i, message, warnings);
    EXPECT_EQ(warnings.size(), NativeScan::max_warnings);
}

}  // namespace
}  // namespace millrace::collect
