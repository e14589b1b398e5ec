#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "model/timestamp.h"
#include "produce/catalogue.h"
#include "produce/random.h"
#include "produce/visits.h"

namespace millrace::produce {

enum class Action : std::uint8_t { page_view, view, add_to_cart, purchase };
inline constexpr std::size_t action_count = 4;

/// The page of the shop on which an event happens.
enum class Page : std::uint8_t { home, category, sale, product, checkout };

/// An action of a visitor at one moment.
struct ShopEvent {
    Action action = Action::page_view;
    Page page = Page::home;
    bool landing = false;  ///< whether it is the first event of its visit
    std::uint32_t user = 0;
    std::uint32_t product = 0;  ///< 0 if the event is not about a product
    std::size_t category = 0;   ///< the category of a category page
    int quantity = 1;
    std::int64_t session = 0;
    std::int64_t order = 0;  ///< number of the order, for a purchase
    const Source* source = nullptr;
    const Device* device = nullptr;
};

/// A simulated shop with its visitors. A visitor comes from a source, lands on a page, views pages and
/// products, and adds some products to the cart. A quarter of the visits with a cart buy its content as one
/// order. Some users come back often. A fifth of all events are about one product, prod_0042, which everyone
/// views and hardly anyone buys: 95% views, 4% carts, 1% purchases.
///
/// Each call of act() gives one event. A new visit begins if no current visit is due, so the number of
/// current visits follows the rate of events. Not thread-safe.
class Shop {
  public:
    struct Size {
        int users = 0;     ///< 1 to 10,000,000
        int products = 0;  ///< at least one
    };
    Shop(const Size& size, std::uint64_t seed);

    /// Returns the next event, which happens at `time`. Each call must have a later time than the call
    /// before. `number` is the event's number, which also becomes the number of a visit or an order that
    /// begins with the event.
    ShopEvent act(model::Timestamp time, std::int64_t number);

  private:
    void end_stale_visits(model::Timestamp time);
    [[nodiscard]] bool begins_visit(model::Timestamp time);
    [[nodiscard]] Visit new_visit(std::int64_t number);
    [[nodiscard]] std::uint32_t idle_user();
    void end(const Visit& visit) { is_visiting_[visit.user - 1] = false; }

    ShopEvent step(Visit& visit, std::int64_t number);
    void land(Visit& visit, ShopEvent& event);
    void browse(Visit& visit, ShopEvent& event);
    void view_product(Visit& visit, ShopEvent& event);
    void fill_cart(Visit& visit, ShopEvent& event);
    static void buy(Visit& visit, ShopEvent& event, std::int64_t number);
    [[nodiscard]] Step next_step(const Visit& visit, Action last);
    [[nodiscard]] bool wants_in_cart(const Visit& visit);
    [[nodiscard]] base::Duration pause(const Visit& visit);

    Random random_;
    Catalogue catalogue_;
    std::vector<bool> is_visiting_;  // by user, who has at most one visit at a time
    Visits visits_;
    std::int64_t events_ = 0;
    std::int64_t hot_events_ = 0;  // number of events about the hot product
};

}  // namespace millrace::produce
