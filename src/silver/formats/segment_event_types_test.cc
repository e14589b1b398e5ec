#include "silver/formats/segment_event_types.h"

#include <gtest/gtest.h>

#include "silver/formats/event_type_name.h"

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

TEST(EventTypeName, NamesOfAnyScriptStayApartAndReadable) {
    EXPECT_EQ(event_type_of_name("Products Searched"), "products_searched");
    EXPECT_EQ(event_type_of_name("naïve/é"), "naïve_é");
    EXPECT_EQ(event_type_of_name("购买 完成"), "购买_完成");
    EXPECT_EQ(event_type_of_name("Заказ-1.0"), "Заказ-1.0");
    EXPECT_EQ(event_type_of_name("a→b “c” 🛒"), "a_b__c___");
}

TEST(EventTypeName, LongNamesEndInAHash) {
    EXPECT_EQ(event_type_of_name(std::string(64, 'X')), std::string(64, 'x'));
    const std::string a = event_type_of_name(std::string(100, 'x'));
    EXPECT_EQ(a.size(), 64U);
    EXPECT_NE(a, event_type_of_name(std::string(101, 'x')));
    EXPECT_EQ(a.substr(0, 56), std::string(55, 'x') + "_");
}

}  // namespace
}  // namespace millrace::silver
