#include "collect/near_miss.h"

#include <gtest/gtest.h>

namespace millrace::collect {
namespace {

TEST(NearMiss, FieldsOfAnotherSpellingAreKnown) {
    EXPECT_EQ(meant_field("productId"), "product_id");
    EXPECT_EQ(meant_field("ProductID"), "product_id");
    EXPECT_EQ(meant_field("Price"), "price");
    EXPECT_EQ(meant_field("category_code"), "product_category");
}

TEST(NearMiss, TypesOfAnotherSpellingAreKnown) {
    EXPECT_EQ(meant_type("viewed"), "view");
    EXPECT_EQ(meant_type("Purchase"), "purchase");
    EXPECT_EQ(meant_type("cart"), "add_to_cart");
}

TEST(NearMiss, KnownAndUnrelatedNamesAreLeftAlone) {
    for (const char* name : {"product_id", "price", "colour", "", "x"})
        EXPECT_FALSE(meant_field(name)) << name;
    for (const char* type : {"view", "refund", "wishlist_add", ""}) EXPECT_FALSE(meant_type(type)) << type;
}

}  // namespace
}  // namespace millrace::collect
