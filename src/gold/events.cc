#include "gold/events.h"

#include <algorithm>
#include <array>

namespace millrace::gold {

namespace {

/// `order_cancelled` is what other formats' cancellations become; shops also send the others.
bool is_cancellation(std::string_view type) {
    constexpr std::array<std::string_view, 4> types = {"order_cancelled", "order_canceled", "cancellation",
                                                       "cancel"};
    return std::ranges::find(types, type) != types.end();
}

}  // namespace

Kind kind_of(std::string_view type) {
    if (type == "view") return Kind::view;
    if (type == "add_to_cart") return Kind::add_to_cart;
    if (type == "purchase") return Kind::purchase;
    if (type == "refund") return Kind::refund;
    if (is_cancellation(type)) return Kind::cancellation;
    return Kind::other;
}

bool is_of_orders(std::string_view event_type) {
    const Kind kind = kind_of(event_type);
    return kind == Kind::purchase || is_refund(kind);
}

void Event::mark(Marks& marks) const {
    marks.mark(Field::user, user);
    marks.mark(Field::product, product);
    marks.mark(Field::category, category);
    marks.mark(Field::device, device);
    marks.mark(Field::session, session);
    marks.mark(Field::page, page);
    marks.mark(Field::order, order);
    marks.mark(Field::currency, currency);
    marks.mark(Field::event, id);
    marks.mark(Field::entry, entry);
    marks.mark(Field::amounts, amounts);
}

}  // namespace millrace::gold
