#include "produce/catalogue.h"

#include <algorithm>
#include <array>

namespace millrace::produce {

namespace {

constexpr std::uint32_t categories = category_count;

/// A kind of product. Its price is that of the cheapest product of the kind in the shop's currency, rounded
/// up.
struct Kind {
    std::string_view noun;
    std::int64_t price;
};

struct Category {
    std::string_view name;
    std::uint32_t popularity;  // percentage of visits that come for this category
    std::array<Kind, 10> kinds;
};

constexpr std::array<Category, category_count> all_categories = {{
    {"home",
     16,
     {{{"Floor Lamp", 89},
       {"Cushion Cover", 19},
       {"Bookshelf", 149},
       {"Coffee Table", 179},
       {"Wool Blanket", 69},
       {"Wall Clock", 39},
       {"Sofa", 749},
       {"Storage Basket", 29},
       {"Desk", 239},
       {"Mirror", 99}}}},
    {"electronics",
     22,
     {{{"Smart Speaker", 99},
       {"Keyboard", 59},
       {"Power Bank", 35},
       {"Monitor", 249},
       {"Webcam", 69},
       {"Headphones", 130},
       {"Laptop", 899},
       {"Router", 89},
       {"Tablet", 329},
       {"Camera", 649}}}},
    {"clothing",
     20,
     {{{"Rain Jacket", 119},
       {"T-Shirt", 25},
       {"Jeans", 79},
       {"Wool Jumper", 89},
       {"Trainers", 95},
       {"Scarf", 29},
       {"Linen Shirt", 55},
       {"Winter Coat", 189},
       {"Socks", 12},
       {"Backpack", 75}}}},
    {"beauty",
     12,
     {{{"Face Cream", 29},
       {"Shampoo", 12},
       {"Perfume", 65},
       {"Hair Dryer", 59},
       {"Lip Balm", 7},
       {"Sun Lotion", 18},
       {"Body Oil", 24},
       {"Razor", 39},
       {"Hand Soap", 9},
       {"Nail Set", 22}}}},
    {"sports",
     10,
     {{{"Yoga Mat", 35},
       {"Running Shoes", 110},
       {"Dumbbell Set", 79},
       {"Tent", 199},
       {"Water Bottle", 19},
       {"Bike Helmet", 69},
       {"Sleeping Bag", 95},
       {"Road Bike", 1190},
       {"Football", 29},
       {"Swim Goggles", 22}}}},
    {"books",
     9,
     {{{"Cookbook", 29},
       {"Crime Novel", 12},
       {"Travel Guide", 19},
       {"Atlas", 45},
       {"Biography", 24},
       {"Picture Book", 15},
       {"Notebook", 11},
       {"Garden Guide", 22},
       {"Poems", 14},
       {"Short Stories", 13}}}},
    {"toys",
     7,
     {{{"Building Blocks", 45},
       {"Puzzle", 19},
       {"Plush Bear", 25},
       {"Train Set", 89},
       {"Board Game", 35},
       {"Kite", 22},
       {"Doll House", 119},
       {"Marble Run", 49},
       {"Scooter", 79},
       {"Card Game", 12}}}},
    {"garden",
     4,
     {{{"Watering Can", 25},
       {"Plant Pot", 15},
       {"Garden Chair", 65},
       {"Lawn Mower", 349},
       {"Bird Feeder", 22},
       {"Hedge Shears", 39},
       {"Parasol", 129},
       {"Fire Bowl", 159},
       {"Garden Hose", 45},
       {"Seed Box", 9}}}},
}};

constexpr std::array<std::string_view, 16> adjectives = {
    "Nordic",  "Classic", "Compact", "Everyday", "Premium", "Urban",  "Alpine", "Solar",
    "Vintage", "Pocket",  "Silent",  "Modern",   "Coastal", "Sturdy", "Light",  "Royal"};

}  // namespace

std::string_view category_name(std::size_t category) {
    return all_categories.at(category).name;
}

/// Consecutive numbers go through the categories in turn, and then through the ten kinds of a category. Each
/// further round through the kinds has higher prices and other names, for up to 160 products of a category.
Product product(std::uint32_t number) {
    const std::size_t category = (number - 1) % categories;
    const std::size_t place = (number - 1) / categories;
    const auto& kinds = all_categories.at(category).kinds;
    const std::size_t kind = place % kinds.size();
    const std::size_t round = place / kinds.size();
    const std::int64_t price = kinds.at(kind).price * (100 + 15 * static_cast<std::int64_t>(round % 8)) / 100;
    return {number, category, adjectives.at((round + 5 * kind + 2 * category) % adjectives.size()),
            kinds.at(kind).noun, price * 100 - 1};
}

Catalogue::Catalogue(std::uint32_t products) : products_(products), hot_product_(std::min(42U, products)) {}

std::size_t Catalogue::any_category(Random& random) {
    std::uint32_t roll = random.below(100);
    for (std::size_t category = 0; category < category_count; ++category) {
        if (roll < all_categories.at(category).popularity) return category;
        roll -= all_categories.at(category).popularity;
    }
    return 0;
}

/// The first products of the catalogue are the popular ones, but every product has visitors.
std::uint32_t Catalogue::popular_index(Random& random) const {
    const std::uint32_t index = random.below(products_);
    return random.below(3) == 0 ? index : std::min(index, random.below(products_));
}

std::uint32_t Catalogue::unless_hot(std::uint32_t number) const {
    if (number != hot_product_) return number;
    return number > categories ? number - categories : number % products_ + 1;
}

std::uint32_t Catalogue::any_product(Random& random) const {
    return unless_hot(popular_index(random) + 1);
}

std::uint32_t Catalogue::any_product_of(std::size_t category, Random& random) const {
    const std::uint32_t index = popular_index(random);
    const std::uint32_t number = index / categories * categories + static_cast<std::uint32_t>(category) + 1;
    if (number <= products_) return unless_hot(number);
    const bool has_category = number > categories && number - categories <= products_;
    return unless_hot(has_category ? number - categories : index + 1);
}

}  // namespace millrace::produce
