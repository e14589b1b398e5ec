#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/timestamp.h"
#include "produce/catalogue.h"
#include "produce/random.h"
#include "produce/visits.h"

namespace millrace::produce {

enum class Action : std::uint8_t { page_view, view, add_to_cart, purchase };
inline constexpr std::size_t action_count = 4;

/// Where in the shop an event happens.
enum class Page : std::uint8_t { home, category, sale, product, checkout };

/// What a visitor of the shop did at one moment.
struct ShopEvent {
    Action action = Action::page_view;
    Page page = Page::home;
    bool landing = false;  ///< the first of its visit
    std::uint32_t user = 0;
    std::uint32_t product = 0;  ///< 0: it is about none
    std::size_t category = 0;   ///< whose page it is, of a category's page
    int quantity = 1;
    std::int64_t session = 0;
    std::int64_t order = 0;  ///< of a purchase
    const Source* source = nullptr;
    const Device* device = nullptr;
};

/// A made-up shop with its visitors. They come from somewhere, land on a page, look at pages and products,
/// put some of these into the cart, and a quarter of those who do so buy what is in it, as one order. Some
/// users come back often. A fifth of all events are about one product, prod_0042, which everyone looks at
/// and hardly anyone buys: 95% views, 4% carts, 1% purchases.
///
/// Events come when they are asked for. A new visit begins where no visit under way is due, so that as many
/// are under way as the events' rate allows for.
class Shop {
  public:
    /// 1 to 10,000,000 users, and at least one product.
    Shop(int users, int products, std::uint64_t seed);

    /// The next event, at `time`, of which each call has a later one. `number` is the event's: a visit that
    /// begins with it and an order are named after it.
    ShopEvent act(model::Timestamp time, std::int64_t number);

  private:
    void end_stale_visits(model::Timestamp time);
    [[nodiscard]] bool begins_visit(model::Timestamp time);
    [[nodiscard]] Visit new_visit(std::int64_t number);
    [[nodiscard]] std::uint32_t idle_user();
    void end(const Visit& visit) { is_visiting_[visit.user - 1] = false; }

    ShopEvent step(Visit& visit, std::int64_t number);
    void land(Visit& visit, ShopEvent& event);
    void look_around(Visit& visit, ShopEvent& event);
    void look_at_product(Visit& visit, ShopEvent& event);
    void fill_cart(Visit& visit, ShopEvent& event);
    static void buy(Visit& visit, ShopEvent& event, std::int64_t number);
    [[nodiscard]] Step next_step(const Visit& visit, Action last);
    [[nodiscard]] bool wants_in_cart(const Visit& visit);
    [[nodiscard]] model::Timestamp pause(const Visit& visit);

    Random random_;
    Catalogue catalogue_;
    std::vector<bool> is_visiting_;  // by user: one visit at a time
    Visits visits_;
    std::int64_t events_ = 0;
    std::int64_t hot_events_ = 0;  // of these, about the hot product
};

}  // namespace millrace::produce
