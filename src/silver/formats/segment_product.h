#pragma once

#include <vector>

#include "model/event.h"
#include "silver/formats/segment_event_types.h"
#include "silver/formats/segment_keys.h"
#include "silver/message/message_fields.h"

namespace millrace::silver {

/// Sets the event's columns of a product from its members: those of a line of an order, or of a message's
/// properties. Returns the rule that its amounts break, or ok.
Verdict set_segment_product(MessageFields& fields, const SegmentMembers& product, SegmentShape shape,
                            model::Event& event);

/// Sets order_id, currency and, of an order, its total, shipping and tax from a message's properties.
void set_segment_order(MessageFields& fields, const SegmentMembers& properties, SegmentShape shape,
                       model::Event& event);

/// Sets the product and the price of an event that stands for a whole order: the product is `order:ID`, and
/// the price what was paid for the order.
Verdict set_segment_whole_order(MessageFields& fields, const SegmentMembers& properties, model::Event& event);

/// Sets the price of the only line of an order, if it has none, to that of the order's products. Returns
/// whether it did so.
bool set_segment_only_line(MessageFields& fields, const SegmentMembers& properties, model::Event& event);

/// Finds the lines of an order: the elements of `products`, or its members if it is an object with numbered
/// keys, or itself if it is one product.
void find_segment_lines(const JsonTree& tree, JsonTree::Index products, std::vector<JsonTree::Index>& lines);

}  // namespace millrace::silver
