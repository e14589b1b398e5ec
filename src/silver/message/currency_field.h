#pragma once

#include "model/event.h"
#include "silver/message/message_fields.h"

namespace millrace::silver {

/// Sets the event's currency, in capitals. What is no currency refuses an event with amounts, because they
/// would count as the shop's; where `has_amounts` is false, it is left for the event's properties.
void set_currency(MessageFields& fields, JsonTree::Index index, bool has_amounts, model::Event& event);

}  // namespace millrace::silver
