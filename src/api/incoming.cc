#include "api/incoming.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "base/clock.h"
#include "base/json_text.h"
#include "bronze/origin.h"
#include "catalog/partition_progress.h"
#include "model/rule.h"
#include "model/timestamp.h"
#include "storage/delta_table.h"

namespace millrace::api {

namespace json = boost::json;

namespace {

constexpr std::size_t default_limit = 100;
constexpr std::size_t max_limit = 500;
constexpr std::int64_t max_found = 100'000;

/// Partition, offset and record_index.
using ItemPlace = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
/// Rows of the tables by item: `became`, and for a quarantined item `rule`, `field` and `message`.
using FoundItems = std::map<ItemPlace, json::object>;

/// How far Silver is, at a version that is not newer than the rows that are looked up afterwards.
struct Progress {
    int epoch = 0;
    /// The next offset of each partition. There are none if there is no silver table yet.
    std::vector<bronze::Offset> next;

    [[nodiscard]] bool has(const LastMessage& message) const {
        const auto partition = static_cast<std::size_t>(message.partition);
        return partition < next.size() && message.offset < next[partition];
    }
};

Progress read_progress_of(const catalog::DataDirectory& data, const bronze::EventLog& log) {
    if (!storage::DeltaTable::exists(data.silver())) return {log.epoch(), {}};
    const auto table = storage::DeltaTable::open(data.silver());
    Progress progress{catalog::identify(table.snapshot(), log).epoch, {}};
    for (int partition = 0; partition < log.partitions(); ++partition)
        progress.next.push_back(catalog::read_progress(table.snapshot(), log, partition).next_offset);
    return progress;
}

/// Returns the condition for the rows of these messages.
std::string places_of(const std::vector<LastMessage>& messages, int epoch) {
    std::map<int, bronze::OffsetRange> ranges;
    for (const LastMessage& message : messages) {
        const auto [range, is_new] = ranges.try_emplace(message.partition, message.offset, message.offset);
        range->second.start = std::min(range->second.start, message.offset);
        range->second.end = std::max(range->second.end, message.offset);
    }
    std::vector<std::string> conditions;
    conditions.reserve(ranges.size());
    for (const auto& [partition, range] : ranges)
        conditions.push_back(fmt::format(R"(("partition" = {} and "offset" between {} and {}))", partition,
                                         range.start.value(), range.end.value()));
    return fmt::format("log_epoch = {} and ({})", epoch, fmt::join(conditions, " or "));
}

/// Returns the query for the rows of these messages. The days let it read only a few files of a large table.
std::string query_of(const std::vector<LastMessage>& messages, int epoch) {
    std::set<std::string> days;
    for (const LastMessage& message : messages) {
        for (const LastItem& item : message.items)
            if (!item.event_type.empty()) days.insert(fmt::format("'{}'", model::format_day(item.day)));
    }
    const std::string places = places_of(messages, epoch);
    std::string query = fmt::format(
        R"(select 'quarantined' as became, "partition", "offset", coalesce(record_index, 0) as record_index, )"
        "rule, field, message from quarantine where {}",
        places);
    if (days.empty()) return query;
    return query + fmt::format(R"( union all select 'silver', "partition", "offset", )"
                               "coalesce(record_index, 0), null, null, null from silver "
                               "where event_date in ({}) and {}",
                               fmt::join(days, ", "), places);
}

FoundItems read_found(const serve::SqlRows& rows) {
    FoundItems found;
    for (const std::string& row : rows.rows) {
        json::object item = base::parse_json(row, "a row of the tables").get_object();
        const ItemPlace place(base::integer_member(item, "partition"), base::integer_member(item, "offset"),
                              base::integer_member(item, "record_index"));
        found.emplace(place, std::move(item));
    }
    return found;
}

std::size_t limit_of(const std::map<std::string, std::string, std::less<>>& parameters) {
    std::size_t limit = default_limit;
    for (const auto& [name, text] : parameters) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
        if (name != "limit" || error != std::errc() || end != text.data() + text.size() || limit == 0 ||
            limit > max_limit)
            throw usage_error(
                fmt::format("reading the parameter {}", name),
                fmt::format("the only parameter of this report is limit, from 1 to {}", max_limit));
    }
    return limit;
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value() : json::value(json::string(text));
}

/// Adds what became of an item.
void add_fate(json::object& shown, const LastItem& item, const json::object* found, bool is_processed) {
    const bool broken = !item.verdict.ok();
    json::value rule = broken ? json::value(model::rule_name(item.verdict.rule)) : json::value();
    json::value field = broken ? text_or_null(item.verdict.field) : json::value();
    json::value message = broken ? json::value(model::rule_text(item.verdict.rule)) : json::value();
    std::string became = "duplicate";
    if (found != nullptr) {
        became = base::string_member(*found, "became");
        rule = base::member(*found, "rule");
        field = base::member(*found, "field");
        message = base::member(*found, "message");
    } else if (!item.ignored.empty()) {
        became = "ignored";
        message = json::string(item.ignored);
    } else if (!is_processed) {
        became = "waiting";
    } else if (broken) {
        became = "quarantined";
    }
    shown["became"] = became;
    shown["rule"] = std::move(rule);
    shown["field"] = std::move(field);
    shown["message"] = std::move(message);
}

json::array items_of(const LastMessage& message, const FoundItems& found, bool is_processed) {
    json::array items;
    for (const LastItem& item : message.items) {
        const auto row = found.find({message.partition, message.offset.value(), item.record_index});
        json::object shown{{"record_index", item.record_index},
                           {"event_type", text_or_null(item.event_type)},
                           {"event_id", text_or_null(item.event_id)}};
        add_fate(shown, item, row == found.end() ? nullptr : &row->second, is_processed);
        items.emplace_back(std::move(shown));
    }
    return items;
}

json::object row_of(const LastMessage& message, const std::string& topic, const Progress& progress,
                    const FoundItems& found) {
    json::array warnings;
    for (const collect::Warning& warning : message.warnings)
        warnings.push_back({{"field", warning.field}, {"message", warning.message}});
    return {{"position", bronze::position_text(topic, progress.epoch, message.partition, message.offset)},
            {"partition", message.partition},
            {"offset", message.offset.value()},
            {"logged", base::to_ms(message.logged)},
            {"format", message.format},
            {"path", text_or_null(message.path)},
            {"source", text_or_null(message.source)},
            {"bytes", message.bytes},
            {"value", message.text ? json::value(json::string(*message.text)) : json::value()},
            {"warnings", std::move(warnings)},
            {"item_count", message.item_count},
            {"items", items_of(message, found, progress.has(message))}};
}

}  // namespace

/// Returns a log whose readers do not disturb those of the pipeline in this process.
const bronze::EventLog& Incoming::readable_log() {
    if (!own_log_) own_log_ = log_.open_again();
    if (own_log_) own_log_->look_for_partitions();
    return own_log_ ? *own_log_ : log_;
}

std::string Incoming::make(const std::map<std::string, std::string, std::less<>>& parameters) {
    const std::size_t limit = limit_of(parameters);
    const base::MutexLock lock(mutex_);
    const bronze::EventLog& log = readable_log();
    const Progress progress = read_progress_of(data_, log);
    auto messages = read_last_messages(log, progress.epoch, rules_, limit + 1);
    const bool truncated = messages.size() > limit;
    messages.resize(std::min(messages.size(), limit));
    FoundItems found;
    if (!progress.next.empty() && !messages.empty())
        found = read_found(query_(query_of(messages, progress.epoch), max_found));
    json::array rows;
    for (const LastMessage& message : messages)
        rows.emplace_back(row_of(message, log.topic(), progress, found));
    return base::json_text(json::object{
        {"rows", std::move(rows)}, {"truncated", truncated}, {"time", base::to_ms(base::wall_time())}});
}

}  // namespace millrace::api
