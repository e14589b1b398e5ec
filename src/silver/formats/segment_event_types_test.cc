#include "silver/formats/segment_event_types.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

TEST(SegmentEventTypes, NamesMatchInAnyFormAndOrder) {
    SegmentEventTypes types;
    for (const char* name : {"Order Completed", "order_completed", "Completed Order", "completedOrder",
                             "ORDER-COMPLETED", " order  completed "}) {
        EXPECT_EQ(types.find(name).type, "purchase") << name;
        EXPECT_EQ(types.find(name).shape, SegmentShape::order) << name;
    }
    for (const char* name : {"Product Viewed", "Viewed Product", "viewed_product", "PRODUCT VIEWED"})
        EXPECT_EQ(types.find(name).type, "view") << name;
    EXPECT_EQ(types.find("Added Product to Wishlist").type, "product_added_to_wishlist");
    EXPECT_EQ(types.find("Wishlist Product Added to Cart").type, "wishlist_product_added_to_cart");
    EXPECT_EQ(types.find("Viewed Product Category").type, "product_list_viewed");
    EXPECT_EQ(types.find("Products Searched").type, "products_searched");
    EXPECT_EQ(types.find("Order Canceled").type, "order_cancelled");
}

TEST(SegmentEventTypes, OtherNamesBecomeATypeOfThatName) {
    SegmentEventTypes types;
    for (const auto& [name, type] :
         {std::pair("Coupon Entered!", "coupon_entered_"), std::pair("Order", "order"),
          std::pair("Products Viewed", "products_viewed"),
          std::pair("OrderCompletedOrder", "ordercompletedorder"), std::pair("", "")}) {
        EXPECT_EQ(types.find(name).type, type);
        EXPECT_EQ(types.find(name).shape, SegmentShape::other);
    }
}

TEST(SegmentEventTypes, ManyNamesDoNotConfuseEachOther) {
    SegmentEventTypes types;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 2000; ++i)
            EXPECT_EQ(types.find("Name " + std::to_string(i)).type, "name_" + std::to_string(i));
    }
}

}  // namespace
}  // namespace millrace::silver
