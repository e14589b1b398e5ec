// Decodes any bytes as a message of Segment and of GA4. Each must give an item or more, and the properties of
// an event must be a JSON object. The first byte chooses the format, and a line break ends what the request
// says for all of its messages.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "bronze/record.h"
#include "silver/decoder.h"
#include "silver/formats/ga4_decoder.h"
#include "silver/formats/segment_decoder.h"
#include "silver/message/json_tree.h"

using namespace millrace;

namespace {

std::string padded(std::string_view text) {
    return std::string(text) + std::string(bronze::record_padding, '"');
}

void check(const silver::Item& item) {
    if (!item.verdict.ok() || !item.ignored.empty()) return;
    const model::Event& event = item.event;
    if (event.event_id.empty() || event.user_id.empty() || event.event_type.empty()) std::abort();
    if (!silver::is_utf8(event.event_id) || !silver::is_utf8(event.page_url.value_or(""))) std::abort();
    if (!event.has_details || !event.details.properties) return;
    static silver::JsonTree tree;
    const std::string properties = padded(*event.details.properties);
    if (tree.read(std::string_view(properties).substr(0, event.details.properties->size())) !=
        model::ValidationRule::none)
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static silver::SegmentDecoder segment;
    static silver::Ga4Decoder ga4;
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t line = input.find('\n');
    const std::string_view body = line == std::string_view::npos ? input : input.substr(line + 1);
    const std::string shared(line == std::string_view::npos ? std::string_view() : input.substr(0, line));
    const std::string text = padded(body);
    silver::Message message;
    message.text = std::string_view(text).substr(0, body.size());
    message.origin.source = "web";
    message.origin.shared = shared;
    message.origin.path = data[0] == 'g' ? "/g/collect" : "/v1/batch";
    message.origin.received = "1714564800000";
    message.position = "topic/epoch/0/1";
    silver::MessageDecoder& decoder = data[0] == 's' ? static_cast<silver::MessageDecoder&>(segment) : ga4;
    std::vector<silver::Item> items;
    decoder.decode(message, items);
    if (items.empty()) std::abort();
    for (const silver::Item& item : items) check(item);
    return 0;
}
