#pragma once

#include <string_view>

#include "collect/translation.h"

namespace millrace::collect {

/// What is sent to Google Analytics 4's Measurement Protocol
/// (https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference): an event for each
/// item of view_item, add_to_cart, purchase and refund, one for each other event; docs/collect.md has the
/// table. `source` is the write key's. Throws LargeBody for events of more than `max_bytes` together,
/// BadBody for what is no such request.
Translation translate_ga4(std::string_view body, std::string_view source, std::size_t max_bytes);

}  // namespace millrace::collect
