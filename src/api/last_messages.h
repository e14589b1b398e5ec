#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/event_log.h"
#include "collect/native_scan.h"
#include "model/shop_settings.h"
#include "silver/verdict.h"

namespace millrace::api {

/// An item of a message, as its decoder and the shop's rules see it.
struct LastItem {
    std::int32_t record_index = 0;
    std::string event_type;  ///< empty if the item is no event that can be read
    std::string event_id;
    std::int64_t day = 0;      ///< the event's UTC day, days since 1970
    std::string_view ignored;  ///< why the item is no event: a string literal, or absent
    silver::Verdict verdict;   ///< the rule that the item breaks
};

/// A message in the log.
struct LastMessage {
    int partition = 0;
    bronze::Offset offset{0};
    base::WallTime logged;
    std::string_view format;  ///< a string literal
    std::string path;         ///< the path of the HTTP request; empty: the message came another way
    std::string source;       ///< the source of the write key, or empty
    std::size_t bytes = 0;
    std::optional<std::string> text;  ///< the first 2,000 bytes; nothing if these are not UTF-8
    std::size_t item_count = 0;
    std::vector<LastItem> items;             ///< the first 50
    std::vector<collect::Warning> warnings;  ///< names that were probably meant to be others
};

/// Reads the last `limit` messages of a log, the newest first, and decodes and checks them as Silver does,
/// except that it admits any number of event types. `epoch` is the one that Silver gives to the log.
std::vector<LastMessage> read_last_messages(const bronze::EventLog& log, int epoch,
                                            const model::RuleOptions& rules, std::size_t limit);

}  // namespace millrace::api
