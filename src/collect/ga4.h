#pragma once

#include <string_view>

#include "collect/translation.h"

namespace millrace::collect {

/// Translates a request of Google Analytics 4's Measurement Protocol
/// (https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference) to one event for
/// each item of view_item, add_to_cart, purchase and refund, and one event for each other event.
/// docs/collect.md has the table. `source` is the source of the write key. Throws LargeBody if the events
/// have more than `max_bytes` together, and BadBody if `body` is not such a request.
Translation translate_ga4(std::string_view body, std::string_view source, std::size_t max_bytes);

}  // namespace millrace::collect
