#pragma once

#include <string_view>

#include "collect/translation.h"

namespace millrace::collect {

/// What Segment's libraries send
/// (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/), by the method that they
/// call: `track`, `page`, or `batch`, which has several messages. E-commerce events are those of its spec,
/// version 2; docs/collect.md has the table. Throws LargeBody for events of more than `max_bytes` together,
/// BadBody for what is none of these.
Translation translate_segment(std::string_view method, std::string_view body, std::size_t max_bytes);

}  // namespace millrace::collect
