#pragma once

#include <string_view>

#include "collect/translation.h"

namespace millrace::collect {

/// Translates a request of Segment's libraries
/// (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/). `method` is the API
/// method that they call: `track`, `page`, `screen`, or `batch`, which has several messages. E-commerce
/// events follow Segment's specification, version 2; docs/collect.md has the table. Throws LargeBody if the
/// events have more than `max_bytes` together, and BadBody if `body` is not such a request.
Translation translate_segment(std::string_view method, std::string_view body, std::size_t max_bytes);

}  // namespace millrace::collect
