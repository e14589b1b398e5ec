#include "silver/formats/segment_call.h"

#include <algorithm>
#include <array>

namespace millrace::silver {

namespace {

struct CallName {
    std::string_view name;
    std::string_view letter;  // the path's end in the libraries for browsers
    SegmentCall call = SegmentCall::unknown;
};

constexpr std::array<CallName, 6> call_names = {{{"track", "t", SegmentCall::track},
                                                 {"page", "p", SegmentCall::page},
                                                 {"screen", "s", SegmentCall::page},
                                                 {"identify", "i", SegmentCall::identify},
                                                 {"group", "g", SegmentCall::group},
                                                 {"alias", "a", SegmentCall::alias}}};

bool equal_in_any_case(std::string_view lower, std::string_view text) {
    return std::ranges::equal(lower, text, [](char a, char b) {
        return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
    });
}

}  // namespace

SegmentCall segment_call_of_type(std::string_view type) {
    for (const CallName& each : call_names) {
        if (equal_in_any_case(each.name, type)) return each.call;
    }
    return SegmentCall::unknown;
}

SegmentCall segment_call_of_path(std::string_view path) {
    if (path.ends_with('/')) path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
    for (const CallName& each : call_names) {
        if (last == each.letter || last == each.name) return each.call;
    }
    return SegmentCall::absent;
}

std::string_view identity_segment_call(SegmentCall call) {
    switch (call) {
        case SegmentCall::identify:
            return "identify";
        case SegmentCall::group:
            return "group";
        case SegmentCall::alias:
            return "alias";
        default:
            return {};
    }
}

}  // namespace millrace::silver
