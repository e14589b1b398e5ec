#include "silver/formats/known_formats.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "silver/formats/csv_decoder.h"
#include "silver/formats/ga4_decoder.h"
#include "silver/formats/segment_decoder.h"

namespace millrace::silver {

namespace {

template <typename Decoder>
std::unique_ptr<MessageDecoder> make() {
    return std::make_unique<Decoder>();
}

constexpr std::array<Format, format_count> formats = {{{native_format, 0, nullptr},
                                                       {"segment", 1, make<SegmentDecoder>},
                                                       {"ga4", 2, make<Ga4Decoder>},
                                                       {"rees46", 3, make<Rees46Decoder>},
                                                       {"retailrocket", 4, make<RetailrocketDecoder>}}};

/// Whether the message, which may be a null one, has the name in it.
bool has(std::string_view message, std::string_view name) {
    return !message.empty() && ::memmem(message.data(), message.size(), name.data(), name.size()) != nullptr;
}

}  // namespace

const Format* find_format(std::string_view name) {
    const auto found = std::ranges::find(formats, name, &Format::name);
    return found == formats.end() ? nullptr : &*found;
}

/// The members that these messages always have are names that native events do not have.
const Format* find_format_of(std::string_view message) {
    if (has(message, R"("anonymousId")") || has(message, R"("messageId")")) return find_format("segment");
    if (has(message, R"("client_id")") || has(message, R"("app_instance_id")") ||
        has(message, R"("user_pseudo_id")"))
        return find_format("ga4");
    return nullptr;
}

}  // namespace millrace::silver
