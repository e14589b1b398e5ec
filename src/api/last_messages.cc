#include "api/last_messages.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "silver/check.h"
#include "silver/formats/known_formats.h"
#include "silver/formats/record_decoder.h"

namespace millrace::api {

namespace {

constexpr std::size_t max_text_bytes = 2000;
constexpr std::size_t max_listed_items = 50;

/// Returns the first bytes of a text, without a character that is cut off at the end.
std::optional<std::string> beginning(std::string_view text) {
    if (text.size() > max_text_bytes) {
        std::size_t end = max_text_bytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
        text = text.substr(0, end);
    }
    if (!silver::is_utf8(text)) return std::nullopt;
    return std::string(text);
}

/// Decodes and checks messages.
class MessageView {
  public:
    explicit MessageView(const model::RuleOptions& rules)
        : checker_(rules, types_), decoder_(rules.message_format) {}

    LastMessage of(const bronze::Record& record, const silver::LogPartition& place) {
        const bronze::Origin origin = bronze::read_origin(record);
        const auto items = decoder_.decode(record, origin, place);
        LastMessage message{.partition = place.partition,
                            .offset = record.offset,
                            .logged = record.timestamp,
                            .format = decoder_.format(),
                            .path = std::string(origin.path),
                            .source = std::string(origin.source),
                            .bytes = record.value.size(),
                            .text = beginning(record.value),
                            .item_count = items.size(),
                            .items = {},
                            .warnings = {}};
        for (std::size_t i = 0; i < std::min(items.size(), max_listed_items); ++i)
            message.items.push_back(view_of(items[i], i, record.timestamp));
        collect::PendingMessage key;
        if (message.format == silver::native_format) scan_.scan(record.value, 0, key, message.warnings);
        return message;
    }

  private:
    LastItem view_of(silver::Item& item, std::size_t index, base::WallTime log_time) {
        LastItem view{.record_index = static_cast<std::int32_t>(index),
                      .event_type = {},
                      .event_id = {},
                      .day = 0,
                      .ignored = item.ignored,
                      .verdict = item.verdict};
        if (!item.ignored.empty() || !item.verdict.ok()) return view;
        view.verdict = checker_.check(item.event, log_time);
        view.event_type = item.event.event_type;
        view.event_id = item.event.event_id;
        view.day = model::day_of(item.event.timestamp);
        return view;
    }

    silver::EventTypes types_{std::numeric_limits<int>::max()};
    silver::Checker checker_;
    silver::RecordDecoder decoder_;
    collect::NativeScan scan_;
};

}  // namespace

std::vector<LastMessage> read_last_messages(const bronze::EventLog& log, int epoch,
                                            const model::RuleOptions& rules, std::size_t limit) {
    MessageView view(rules);
    std::vector<LastMessage> messages;
    for (int partition = 0; partition < log.partitions(); ++partition) {
        const auto held = log.offsets(partition);
        const bronze::OffsetRange last{std::max(held.start, held.end - static_cast<std::int64_t>(limit)),
                                       held.end};
        bronze::visit_records(log, partition, last, [&](const bronze::Record& record) {
            messages.push_back(view.of(record, {log.topic(), epoch, partition}));
        });
    }
    std::ranges::sort(messages, std::greater(), [](const LastMessage& message) {
        return std::tuple(message.logged, message.partition, message.offset);
    });
    messages.resize(std::min(messages.size(), limit));
    return messages;
}

}  // namespace millrace::api
