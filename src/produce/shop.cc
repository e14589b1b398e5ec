#include "produce/shop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace millrace::produce {

namespace {

constexpr std::array categories = {"electronics", "clothing", "home", "books",
                                   "sports",      "beauty",   "toys", "garden"};
constexpr std::array devices = {"mobile", "mobile", "mobile", "desktop", "desktop", "tablet"};

constexpr double hot_share = 0.20;   // of all events
constexpr double leaves = 1.0 / 12;  // a visit has twelve events on average
constexpr auto visit_ends_after = model::us_per_hour / 2;
constexpr std::size_t largest_cart = 8;

}  // namespace

Shop::Shop(int users, int products, std::uint64_t seed)
    : random_(seed), hot_product_(std::min<std::size_t>(41, static_cast<std::size_t>(products) - 1)) {
    for (int i = 1; i <= products; ++i) {
        Product product;
        product.id = fmt::format("prod_{:04}", i);
        product.category = categories[random_.below(categories.size())];
        // Many cheap things and a few dear ones: 2.00 to 1,500.
        const double share = static_cast<double>(random_.below(10'000)) / 10'000;
        product.price = fmt::format("{:.2f}", 2 + 1498 * share * share * share);
        product.page_url = fmt::format("https://shop.example/{}/{}", product.category, product.id);
        products_.push_back(std::move(product));
    }
    visitors_.resize(static_cast<std::size_t>(users));
    for (std::size_t i = 0; i < visitors_.size(); ++i) visitors_[i].id = fmt::format("user_{:04}", i + 1);
}

void Shop::begin_visit_if_due(Visitor& visitor, model::Timestamp time, std::int64_t number) {
    const bool here = !visitor.session_id.empty() && time - visitor.last_seen < visit_ends_after;
    visitor.last_seen = time;
    if (here && !random_.chance(leaves)) return;
    visitor.session_id.clear();
    fmt::format_to(std::back_inserter(visitor.session_id), "sess_{:08}", number);
    visitor.device = devices[random_.below(devices.size())];
    visitor.viewed = nullptr;
    visitor.cart.clear();
}

Action Shop::act_on_hot_product() {
    const std::uint32_t roll = random_.below(100);
    if (roll < 95) return Action::view;
    return roll < 99 ? Action::add_to_cart : Action::purchase;
}

const Product* Shop::any_product() {
    // Popular products come first in the catalogue; the hot one has its own share.
    const auto count = static_cast<std::uint32_t>(products_.size());
    std::size_t at = std::min(random_.below(count), random_.below(count));
    if (at == hot_product_ && count > 1) at = (at + 1) % count;
    return &products_[at];
}

std::pair<Action, const Product*> Shop::browse(Visitor& visitor) {
    const std::uint32_t roll = random_.below(100);
    if (roll < 12 && visitor.viewed != nullptr && visitor.cart.size() < largest_cart) {
        visitor.cart.push_back(visitor.viewed);
        return {Action::add_to_cart, std::exchange(visitor.viewed, nullptr)};
    }
    if (roll >= 12 && roll < 24 && !visitor.cart.empty()) {
        const Product* bought = visitor.cart.back();
        visitor.cart.pop_back();
        return {Action::purchase, bought};
    }
    visitor.viewed = any_product();
    return {Action::view, visitor.viewed};
}

ShopAction Shop::act(model::Timestamp time, std::int64_t number) {
    Visitor& visitor = visitors_[random_.below(static_cast<std::uint32_t>(visitors_.size()))];
    begin_visit_if_due(visitor, time, number);
    ShopAction action{
        &visitor.id, &visitor.session_id, visitor.device, &products_[hot_product_], Action::view, 1};
    if (random_.chance(hot_share)) {
        action.action = act_on_hot_product();
    } else {
        std::tie(action.action, action.product) = browse(visitor);
    }
    if (action.action == Action::purchase && random_.below(5) == 0) action.quantity = 2;
    return action;
}

}  // namespace millrace::produce
