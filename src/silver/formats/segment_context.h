#pragma once

#include "model/event.h"
#include "silver/formats/segment_keys.h"
#include "silver/message/message_fields.h"

namespace millrace::silver {

/// Sets the event's columns that a message's context has: page, referrer, user agent, session, device and
/// campaign. Columns that are set already stay, so that a message's context comes before its batch's.
void set_segment_context(MessageFields& fields, JsonTree::Index context, model::Event& event);

/// Sets the columns of the context that a message's properties may have in its place.
void set_segment_page(MessageFields& fields, const SegmentMembers& properties, model::Event& event);

}  // namespace millrace::silver
