#include "produce/event_writer.h"

#include <algorithm>
#include <charconv>

namespace millrace::produce {

namespace {

constexpr std::string_view shop_url = "https://shop.example/";
constexpr std::array<std::string_view, action_count> types = {"page_view", "view", "add_to_cart", "purchase"};

}  // namespace

std::string_view EventWriter::Id::write(std::string_view prefix, std::int64_t number, int min_digits) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    char* at = std::ranges::copy(prefix, bytes_.data()).out;
    at = std::fill_n(at, std::max<std::ptrdiff_t>(0, min_digits - (end - digits.begin())), '0');
    at = std::copy(digits.begin(), end, at);
    size_ = static_cast<std::size_t>(at - bytes_.data());
    return text();
}

std::string_view EventWriter::write(std::int64_t number, const ShopEvent& event, model::Timestamp time) {
    text_.begin();
    text_.plain("event_id", other_.write("evt_", number, 8));
    text_.plain("user_id", user_.write("user_", event.user, 4));
    text_.plain("event_type", types.at(static_cast<std::size_t>(event.action)));
    text_.timestamp(time);
    text_.plain("session_id", other_.write("sess_", event.session, 8));
    text_.plain("device_type", event.device->type);
    text_.plain("user_agent", event.device->user_agent);
    if (event.product != 0) product_.write("prod_", event.product, 4);
    write_page(event);
    if (event.landing && !event.source->referrer.empty()) text_.plain("referrer", event.source->referrer);
    if (event.product != 0) write_product(product(event.product));
    if (event.action == Action::add_to_cart || event.action == Action::purchase)
        text_.raw("quantity", event.quantity == 1 ? "1" : "2");
    if (event.action == Action::purchase) text_.plain("order_id", other_.write("order_", event.order, 8));
    return text_.end();
}

/// The URL of the landing page names the campaign of the visit.
void EventWriter::write_page(const ShopEvent& event) {
    const std::string_view utm = event.landing ? event.source->utm : std::string_view();
    const std::string_view mark = utm.empty() ? "" : "?";
    switch (event.page) {
        case Page::home:
            return text_.plain("page_url", {shop_url, mark, utm});
        case Page::category:
            return text_.plain("page_url", {shop_url, category_name(event.category), mark, utm});
        case Page::sale:
            return text_.plain("page_url", {shop_url, "sale", mark, utm});
        case Page::product:
            return text_.plain("page_url", {shop_url, category_name(product(event.product).category), "/",
                                            product_.text(), mark, utm});
        case Page::checkout:
            return text_.plain("page_url", {shop_url, "checkout", mark, utm});
    }
}

void EventWriter::write_product(const Product& chosen) {
    std::array<char, 24> price;
    char* at = std::to_chars(price.begin(), price.end(), chosen.cents / 100).ptr;
    *at++ = '.';
    *at++ = static_cast<char>('0' + chosen.cents / 10 % 10);
    *at++ = static_cast<char>('0' + chosen.cents % 10);
    text_.plain("product_id", product_.text());
    text_.raw("price", {price.data(), static_cast<std::size_t>(at - price.data())});
    text_.plain("product_category", category_name(chosen.category));
    text_.plain("product_name", {chosen.adjective, " ", chosen.noun});
}

}  // namespace millrace::produce
