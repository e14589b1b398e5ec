#include "collect/pending_event.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/random_id.h"
#include "base/derived_id.h"
#include "collect/near_miss.h"
#include "model/timestamp.h"

namespace millrace::collect {

namespace {

constexpr std::size_t max_similar_names = 10;  // limit for one event

/// The fields of an event that matter for its defaults and warnings.
struct Fields {
    bool is_object = false;
    bool event_id = false;
    bool timestamp = false;
    bool any = false;
    std::string similar_type;                // the event_type if it only resembles a known type
    std::vector<std::string> similar_names;  // names of fields that only resemble known fields
    std::vector<std::string_view> intended;  // the known field for each name in similar_names
    std::vector<std::string_view> given;     // known fields that the event has
};

/// Warns about names that resemble a known name, unless the event has the known field as well.
void warn(const Fields& fields, std::size_t index, std::vector<Warning>& warnings) {
    const auto add = [&](std::string field, std::string message) {
        if (warnings.size() < EventDefaults::max_warnings)
            warnings.push_back({index, std::move(field), std::move(message)});
    };
    for (std::size_t i = 0; i < fields.similar_names.size(); ++i) {
        if (std::ranges::find(fields.given, fields.intended[i]) != fields.given.end()) continue;
        add(fields.similar_names[i], fmt::format("{} is not a field that Millrace reads; {} is.",
                                                 fields.similar_names[i], fields.intended[i]));
    }
    if (fields.similar_type.empty()) return;
    add("event_type", fmt::format("{} is counted as a separate type; the known type is {}.",
                                  fields.similar_type, *intended_type(fields.similar_type)));
}

/// Returns 32 hexadecimal digits that identify the event. The hash includes the event's text, so a sender
/// that guesses another sender's idempotency key cannot take the place of that sender's events.
std::string id_of(std::string_view event, std::size_t index, const RequestContext& arrival) {
    if (arrival.idempotency_key.empty()) return base::random_id() + base::random_id();
    return base::derived_id({arrival.source, arrival.idempotency_key, std::to_string(index), event});
}

}  // namespace

struct EventDefaults::Parser {
    simdjson::ondemand::parser json;

    /// Finds the fields and the key. Invalid events are left to the checks behind the log.
    Fields scan(std::string_view event, PendingEvent& pending) {
        Fields fields;
        simdjson::ondemand::document document;
        simdjson::ondemand::object object;
        const simdjson::padded_string_view padded(event.data(), event.size(),
                                                  event.size() + simdjson::SIMDJSON_PADDING);
        if (json.iterate(padded).get(document) != simdjson::SUCCESS ||
            document.get_object().get(object) != simdjson::SUCCESS)
            return fields;
        fields.is_object = true;
        for (auto field : object) {
            std::string_view name;
            if (field.unescaped_key().get(name) != simdjson::SUCCESS) break;
            fields.any = true;
            if (const auto known = known_field(name); !known.empty()) {
                fields.given.push_back(known);
            } else if (const auto intended = intended_field(name);
                       intended && fields.intended.size() < max_similar_names) {
                fields.similar_names.emplace_back(name);
                fields.intended.push_back(*intended);
            }
            if (name == "event_id") {
                fields.event_id = true;
            } else if (name == "timestamp") {
                fields.timestamp = true;
            } else if (name == "user_id") {
                std::string_view user;
                if (field.value().get_string().get(user) == simdjson::SUCCESS) {
                    pending.key = user;
                    pending.has_key = true;
                }
            } else if (name == "event_type") {
                std::string_view type;
                if (field.value().get_string().get(type) == simdjson::SUCCESS && intended_type(type))
                    fields.similar_type = type;
            }
        }
        return fields;
    }
};

EventDefaults::EventDefaults() : parser_(std::make_unique<Parser>()) {}
EventDefaults::~EventDefaults() = default;

PendingEvent EventDefaults::complete(std::string_view event, std::size_t index, const RequestContext& arrival,
                                     std::vector<Warning>& warnings) {
    PendingEvent pending;
    const Fields fields = parser_->scan(event, pending);
    warn(fields, index, warnings);
    if (!fields.is_object || (fields.event_id && fields.timestamp)) {
        pending.value = event;
        return pending;
    }
    std::string& value = pending.value;
    value.reserve(event.size() + 96);
    value += '{';
    if (!fields.event_id) value += fmt::format(R"("event_id":"{}")", id_of(event, index, arrival));
    if (!fields.timestamp) {
        value += fmt::format(R"({}"timestamp":"{}")", value.size() > 1 ? "," : "",
                             model::format_timestamp(arrival.time));
    }
    if (fields.any) value += ',';
    value += event.substr(1);
    return pending;
}

}  // namespace millrace::collect
