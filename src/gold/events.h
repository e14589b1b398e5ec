#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string_view>
#include <vector>

#include "gold/state/strings.h"
#include "gold/visitors/link.h"
#include "model/money.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// The meaning of an event for the shop. Event types that the shop defines itself are `other`, and `repeat`
/// is a line of an order that was sent again. A cancellation refunds what is left of its order (OrderLedger).
enum class Kind : std::uint8_t { view, add_to_cart, purchase, refund, other, repeat, cancellation };

/// Returns true for the kinds whose amount is given back to the customer.
constexpr bool is_refund(Kind kind) {
    return kind == Kind::refund || kind == Kind::cancellation;
}

/// Returns true for the lines of orders, whether they count or repeat one.
constexpr bool is_purchase(Kind kind) {
    return kind == Kind::purchase || kind == Kind::repeat;
}

/// Returns true for the kinds of events with a product: views, carts, purchases (also repeated ones) and
/// refunds.
constexpr bool has_product(Kind kind) {
    return kind != Kind::other && kind != Kind::cancellation;
}

/// Returns the kind of the events of a type.
[[nodiscard]] Kind kind_of(std::string_view event_type);

/// Returns true for the types of events that may belong to an order.
[[nodiscard]] bool is_of_orders(std::string_view event_type);

/// One clean event. Its strings are ids of Strings.
struct Event {
    model::Timestamp time;
    std::int64_t price = 0;     ///< price of one piece, or of all where the sender gave their total; as Money
    std::int32_t quantity = 1;  ///< number of times that the price counts
    std::int32_t items = 1;     ///< pieces; 1 if their number is not whole
    Kind kind = Kind::other;
    bool bot = false;   ///< whether the user agent is that of a bot
    StringId user = 0;  ///< the user_id; Visitors puts the visitor in its place
    StringId product = 0;
    StringId category = 0;
    StringId device = 0;
    StringId session = 0;
    StringId page = 0;
    StringId order = 0;
    StringId currency = 0;
    StringId id = 0;         ///< the event_id of an order's event
    StringId entry = 0;      ///< where a visit that begins with this event came from (Entry)
    StringId amounts = 0;    ///< what the sender says of the whole order (OrderAmounts)
    std::uint64_t line = 0;  ///< a hash that names a line of an order; 0 for events without an order

    template <class Archive>
    void serialize(Archive& archive) {
        archive(time, price, quantity, items, kind, bot, user, product, category, device, session, page,
                order, currency, id, entry, amounts, line);
    }
    /// Marks the event's strings.
    void mark(Marks& marks) const;
    /// Whether the event belongs to an order that it names.
    [[nodiscard]] bool has_order() const { return line != 0; }
    [[nodiscard]] model::Money amount() const { return model::Money{price} * quantity; }
};

/// A group of events and links in no particular order, and the clock that each bronze partition reaches with
/// them. Identity messages are links only.
struct Events {
    std::vector<Event> rows;
    std::vector<Link> links;
    /// The largest min(event time, log time) of the rows, by bronze partition.
    std::map<int, model::Timestamp> clocks;
    model::Timestamp newest;                            ///< the largest log time
    model::Timestamp oldest = model::Timestamp::max();  ///< the smallest log time

    [[nodiscard]] bool empty() const { return rows.empty() && links.empty(); }
    /// Removes all events. Keeps the memory of the rows, unless these needed little of it.
    void clear() {
        constexpr std::size_t many_rows = 50'000;
        std::vector<Event> memory;
        if (rows.capacity() <= std::max(many_rows, 16 * rows.size())) memory = std::move(rows);
        memory.clear();
        *this = {.rows = std::move(memory), .links = {}, .clocks = {}};
    }
};

}  // namespace millrace::gold
