#pragma once

#include <cstdint>

#include "gold/events.h"
#include "gold/order_amounts.h"
#include "gold/state/distinct.h"
#include "gold/state/money_archive.h"

namespace millrace::gold {

/// The purchases and refunds of a group of events. Purchases with the same order_id are one order, and a
/// purchase without an order_id is one order.
struct Purchases {
    std::int64_t items = 0;
    model::Money gross = 0;
    model::Money discount = 0;  ///< of whole orders
    model::Money refunded = 0;
    Distinct order_ids;
    std::int64_t without_order_id = 0;

    void add(const Event& event, const Strings& strings) {
        if (is_refund(event.kind)) refunded += event.amount();
        if (event.amounts != 0)
            discount += OrderAmounts::of(strings.value(Field::amounts, event.amounts)).deduction();
        if (event.kind != Kind::purchase) return;
        items += event.items;
        gross += event.amount();
        if (event.order == 0) {
            ++without_order_id;
        } else {
            order_ids.add(strings[Field::order].hash(event.order));
        }
    }
    void add(const Purchases& other) {
        items += other.items;
        gross += other.gross;
        discount += other.discount;
        refunded += other.refunded;
        order_ids.add(other.order_ids);
        without_order_id += other.without_order_id;
    }
    [[nodiscard]] std::int64_t orders() const { return order_ids.count() + without_order_id; }
    [[nodiscard]] model::Money net() const { return gross - discount - refunded; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(items, order_ids, without_order_id);
        for (model::Money* money : {&gross, &discount, &refunded}) archive_money(archive, *money);
    }
};

}  // namespace millrace::gold
