#include "produce/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace millrace::produce {
namespace {

TEST(Catalogue, ProductsStayTheSame) {
    const Product hot = product(42);
    EXPECT_EQ(category_name(hot.category), "electronics");
    EXPECT_EQ(hot.adjective, "Modern");
    EXPECT_EQ(hot.noun, "Headphones");
    EXPECT_EQ(hot.cents, 129'99);
}

TEST(Catalogue, EachOfAThousandProductsHasItsOwnNameAndAPrice) {
    std::set<std::string> names;
    for (std::uint32_t number = 1; number <= 1000; ++number) {
        const Product each = product(number);
        EXPECT_EQ(each.number, number);
        EXPECT_LT(each.category, category_count);
        EXPECT_GT(each.cents, 100);
        EXPECT_LT(each.cents, 3000'00);
        names.insert(std::string(each.adjective) + " " + std::string(each.noun));
    }
    EXPECT_EQ(names.size(), 1000U);
    EXPECT_GT(product(10'000'000).cents, 0);
}

TEST(Catalogue, AllButTheHotProductAreChosenAndPopularOnesMoreOften) {
    Random random(1);
    const Catalogue catalogue(100);
    std::map<std::uint32_t, int> chosen;
    for (int i = 0; i < 100'000; ++i) ++chosen[catalogue.any_product(random)];
    EXPECT_EQ(chosen.size(), 99U);
    EXPECT_FALSE(chosen.contains(42));
    EXPECT_GT(chosen[1], 2 * chosen[99]);
    for (const auto& [number, times] : chosen) EXPECT_LT(times, 4000) << number;
}

TEST(Catalogue, AProductOfACategoryBelongsToIt) {
    Random random(1);
    const Catalogue catalogue(100);
    for (std::size_t category = 0; category < category_count; ++category) {
        for (int i = 0; i < 2000; ++i) {
            const std::uint32_t number = catalogue.any_product_of(category, random);
            EXPECT_EQ(product(number).category, category);
            EXPECT_NE(number, 42U);
            EXPECT_LE(number, 100U);
        }
    }
}

TEST(Catalogue, ASmallCatalogueChoosesAmongItsProducts) {
    Random random(1);
    for (std::uint32_t products = 1; products <= 60; ++products) {
        const Catalogue catalogue(products);
        EXPECT_EQ(catalogue.hot_product(), std::min(products, 42U));
        for (int i = 0; i < 200; ++i) {
            for (const std::uint32_t number :
                 {catalogue.any_product(random),
                  catalogue.any_product_of(Catalogue::any_category(random), random)}) {
                EXPECT_GE(number, 1U);
                EXPECT_LE(number, products);
                EXPECT_TRUE(products == 1 || number != catalogue.hot_product());
            }
        }
    }
}

}  // namespace
}  // namespace millrace::produce
