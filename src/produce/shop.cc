#include "produce/shop.h"

#include <algorithm>
#include <array>

namespace millrace::produce {

namespace {

constexpr std::size_t max_visits = 65'536;
constexpr double events_of_a_visit = 6.3;  // on average
constexpr base::Duration visit_ends_after = std::chrono::minutes(30);

// Share of all events that are about the hot product, the chance of a product view that gives about this
// share, and how much each missing event adds to the chance.
constexpr double hot_share = 0.2;
constexpr double hot_view_chance = 0.264;
constexpr double hot_correction = 0.01;
// The chance that a view of the hot product adds it to the cart. The ratio of carts to views is 4 to 95, and
// the chance is a little higher because the product is already in some carts.
constexpr double hot_cart_chance = 0.0438;

constexpr double bounce_share = 0.28;  // share of visits with a single page
constexpr int min_steps = 2;           // number of steps after the landing page in the other visits
constexpr int max_steps = 60;
constexpr double next_step_chance = 0.83;  // chance of one more step after each step
constexpr double other_page_chance = 0.2;  // chance that a step views a page other than a product's
constexpr double same_category_chance = 0.75;
constexpr double cart_chance = 0.044;     // chance that a product view adds the product to the cart
constexpr double cart_factor = 3;         // factor once the cart is not empty
constexpr double purchase_chance = 0.25;  // share of visits with a cart that end in a purchase
constexpr double two_items_chance = 0.15;

}  // namespace

Shop::Shop(const Size& size, std::uint64_t seed)
    : random_(seed),
      catalogue_(static_cast<std::uint32_t>(size.products)),
      is_visiting_(static_cast<std::size_t>(size.users), false),
      visits_(std::clamp<std::size_t>(static_cast<std::size_t>(size.users) / 2, 1, max_visits)) {}

ShopEvent Shop::act(model::Timestamp time, std::int64_t number) {
    end_stale_visits(time);
    Visit visit = begins_visit(time) ? new_visit(number) : visits_.take_next();
    const ShopEvent event = step(visit, number);
    visit.next = next_step(visit, event.action);
    if (visit.next == Step::leave) {
        end(visit);
    } else {
        visits_.put(visit, time + pause(visit));
    }
    ++events_;
    hot_events_ += event.product == catalogue_.hot_product() ? 1 : 0;
    return event;
}

/// Ends visits that are overdue for long, because they will never continue: the shop was closed, or has
/// hardly any events.
void Shop::end_stale_visits(model::Timestamp time) {
    while (!visits_.empty() && time - visits_.next_due() > visit_ends_after) end(visits_.take_next());
}

/// While no visit is due, there are too few visits for the rate of events, and otherwise too many. On
/// average, as many visits begin as end. Continuing a visit a little early or late mixes new and continued
/// visits from the start.
bool Shop::begins_visit(model::Timestamp time) {
    if (visits_.empty()) return true;
    if (visits_.full()) return false;
    return random_.chance((visits_.next_due() > time ? 1.5 : 0.5) / events_of_a_visit);
}

Visit Shop::new_visit(std::int64_t number) {
    Visit visit;
    visit.session = number;
    visit.user = idle_user();
    visit.source = &any_source(random_);
    visit.device = random_.chance(0.8) ? &own_device(visit.user) : &any_device(random_);
    visit.category = Catalogue::any_category(random_);
    if (!random_.chance(bounce_share)) {
        visit.steps_left = min_steps;
        while (visit.steps_left < max_steps && random_.chance(next_step_chance)) ++visit.steps_left;
    }
    is_visiting_[visit.user - 1] = true;
    return visit;
}

/// The first users come most often, ten times as often as the average. At most half of the users visit at the
/// same time, so an idle user is found.
std::uint32_t Shop::idle_user() {
    const std::size_t users = is_visiting_.size();
    std::size_t user = 0;
    for (int tries = 0; tries < 4; ++tries) {
        const double place = random_.share();
        user = static_cast<std::size_t>(place * (0.1 + 0.9 * place) * static_cast<double>(users));
        if (!is_visiting_[user]) return static_cast<std::uint32_t>(user + 1);
    }
    while (is_visiting_[user]) user = (user + 1) % users;
    return static_cast<std::uint32_t>(user + 1);
}

ShopEvent Shop::step(Visit& visit, std::int64_t number) {
    ShopEvent event{
        .user = visit.user, .session = visit.session, .source = visit.source, .device = visit.device};
    switch (visit.next) {
        case Step::land:
            land(visit, event);
            break;
        case Step::browse:
            --visit.steps_left;
            browse(visit, event);
            break;
        case Step::add_to_cart:
            fill_cart(visit, event);
            break;
        case Step::purchase:
            buy(visit, event, number);
            break;
        case Step::leave:
            break;  // a visit with this step has ended
    }
    return event;
}

void Shop::land(Visit& visit, ShopEvent& event) {
    event.landing = true;
    const unsigned roll = random_.below(100);
    if (roll < visit.source->on_product) return view_product(visit, event);
    if (roll < visit.source->on_product + visit.source->on_home_page) return;
    event.page = Page::category;
    event.category = visit.category;
}

void Shop::browse(Visit& visit, ShopEvent& event) {
    if (!random_.chance(other_page_chance)) return view_product(visit, event);
    visit.product = 0;
    constexpr std::array pages = {Page::category, Page::category, Page::category, Page::home, Page::sale};
    event.page = pages.at(random_.below(pages.size()));
    event.category = visit.category;
}

/// The further the hot product's events fall behind their share, the more likely is a view of it.
void Shop::view_product(Visit& visit, ShopEvent& event) {
    const double missing = hot_share * static_cast<double>(events_) - static_cast<double>(hot_events_);
    if (random_.chance(hot_view_chance + hot_correction * missing)) {
        visit.product = catalogue_.hot_product();
    } else if (random_.chance(same_category_chance)) {
        visit.product = catalogue_.any_product_of(visit.category, random_);
    } else {
        visit.product = catalogue_.any_product(random_);
    }
    event.action = Action::view;
    event.page = Page::product;
    event.product = visit.product;
    if (event.landing) visit.category = product(visit.product).category;
}

void Shop::fill_cart(Visit& visit, ShopEvent& event) {
    event.action = Action::add_to_cart;
    event.page = Page::product;
    event.product = visit.product;
    event.quantity = random_.chance(two_items_chance) ? 2 : 1;
    if (visit.lines == 0) visit.buys = random_.chance(purchase_chance);
    visit.cart.at(visit.lines++) = {event.product, event.quantity};
}

/// Buys the next line of the cart. All lines belong to one order.
void Shop::buy(Visit& visit, ShopEvent& event, std::int64_t number) {
    if (visit.order == 0) visit.order = number;
    const CartLine& line = visit.cart.at(visit.bought++);
    event.action = Action::purchase;
    event.page = Page::checkout;
    event.product = line.product;
    event.quantity = line.quantity;
    event.order = visit.order;
}

Step Shop::next_step(const Visit& visit, Action last) {
    if (last == Action::view && wants_in_cart(visit)) return Step::add_to_cart;
    if (visit.steps_left > 0) return Step::browse;
    return visit.buys && visit.bought < visit.lines ? Step::purchase : Step::leave;
}

bool Shop::wants_in_cart(const Visit& visit) {
    if (visit.lines == Visit::max_lines || visit.has_in_cart(visit.product)) return false;
    if (visit.product == catalogue_.hot_product()) return random_.chance(hot_cart_chance);
    return random_.chance(cart_chance * visit.source->keenness * (visit.lines > 0 ? cart_factor : 1));
}

/// Returns the time until the next step: mostly some seconds, at most two minutes. The lines of an order are
/// bought at once.
base::Duration Shop::pause(const Visit& visit) {
    if (visit.order != 0) return {};
    const double place = random_.share();
    const auto longest = static_cast<double>(base::Duration(std::chrono::minutes(2)).count());
    return std::chrono::seconds(1) +
           base::Duration(static_cast<std::int64_t>(longest * place * place * place));
}

}  // namespace millrace::produce
