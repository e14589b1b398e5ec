#pragma once

#include <string_view>

#include "model/event.h"
#include "silver/text_arena.h"

namespace millrace::silver {

/// Sets utm_source, utm_medium and utm_campaign from the query of the event's page_url, where they are absent
/// and the query has them. Values that are not UTF-8 or too long for a column are left out. The texts point
/// into page_url or `arena`.
void set_campaign_of_page(model::Event& event, TextArena& arena);

}  // namespace millrace::silver
