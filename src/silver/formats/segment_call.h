#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::silver {

/// What a message of Segment's family calls.
enum class SegmentCall : std::uint8_t { track, page, identify, group, alias, absent, unknown };

/// Returns the call for a message's `type`, in any case. `screen` is a page.
SegmentCall segment_call_of_type(std::string_view type);
/// Returns the call for the path of a request, such as `/v1/track` or `/v1/t`, or `absent` if the path is for
/// all calls.
SegmentCall segment_call_of_path(std::string_view path);
/// Returns the name of a call that is no event of the shop, or an empty view.
std::string_view identity_segment_call(SegmentCall call);

}  // namespace millrace::silver
