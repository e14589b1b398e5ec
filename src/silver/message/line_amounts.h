#pragma once

#include "model/event.h"
#include "silver/message/message_fields.h"

namespace millrace::silver {

/// The members that say what a line of an order, or a product, costs.
struct AmountFields {
    JsonTree::Index price = JsonTree::none;  ///< of one piece
    JsonTree::Index quantity = JsonTree::none;
    JsonTree::Index total = JsonTree::none;  ///< of all pieces
};

/// Sets the event's price, quantity and line_total. Without a price, it is total / quantity. A quantity that
/// is not a whole number stands in quantity_thousandths, and `quantity` is 0 then. Where `strict`, a price or
/// a quantity that can't be read is a fault; otherwise, and for a total, it is left for the event's
/// properties.
Verdict set_amounts(MessageFields& fields, const AmountFields& amounts, bool strict, model::Event& event);

/// Sets an amount of the whole order, if there is one that can be read.
void set_order_amount(MessageFields& fields, JsonTree::Index index,
                      std::optional<model::Money> model::EventDetails::* amount, model::Event& event);

}  // namespace millrace::silver
