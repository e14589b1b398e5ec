#include "collect/near_miss.h"

#include <gtest/gtest.h>

namespace millrace::collect {
namespace {

TEST(NearMiss, FieldsOfAnotherSpellingAreKnown) {
    EXPECT_EQ(intended_field("productId"), "product_id");
    EXPECT_EQ(intended_field("ProductID"), "product_id");
    EXPECT_EQ(intended_field("Price"), "price");
    EXPECT_EQ(intended_field("category_code"), "product_category");
}

TEST(NearMiss, TypesOfAnotherSpellingAreKnown) {
    EXPECT_EQ(intended_type("viewed"), "view");
    EXPECT_EQ(intended_type("Purchase"), "purchase");
    EXPECT_EQ(intended_type("cart"), "add_to_cart");
}

TEST(NearMiss, KnownAndUnrelatedNamesAreLeftAlone) {
    for (const char* name : {"product_id", "price", "colour", "", "x"})
        EXPECT_FALSE(intended_field(name)) << name;
    for (const char* type : {"view", "refund", "wishlist_add", ""}) EXPECT_FALSE(intended_type(type)) << type;
}

}  // namespace
}  // namespace millrace::collect
