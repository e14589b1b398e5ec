#include "collect/collected.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include "base/random_id.h"
#include "model/timestamp.h"

namespace millrace::collect {

namespace {

/// Which of the fields that matter here an event has.
struct Fields {
    bool is_object = false;
    bool event_id = false;
    bool timestamp = false;
    bool any = false;
};

/// 32 hexadecimal digits that say which event it is.
std::string id_of(std::size_t index, const Arrival& arrival) {
    if (arrival.idempotency_key.empty()) return base::random_id() + base::random_id();
    // Lengths, so that no two pairs make one text.
    const std::string text = fmt::format("{}:{}{}:{}#{}", arrival.source.size(), arrival.source,
                                         arrival.idempotency_key.size(), arrival.idempotency_key, index);
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

struct Completer::Parser {
    simdjson::ondemand::parser json;

    /// Finds the fields, and the key; what is broken is left to the checks behind the log.
    Fields look(std::string_view event, Collected& collected) {
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
            if (name == "event_id") {
                fields.event_id = true;
            } else if (name == "timestamp") {
                fields.timestamp = true;
            } else if (name == "user_id") {
                std::string_view user;
                if (field.value().get_string().get(user) == simdjson::SUCCESS) {
                    collected.key = user;
                    collected.has_key = true;
                }
            }
        }
        return fields;
    }
};

Completer::Completer() : parser_(std::make_unique<Parser>()) {}
Completer::~Completer() = default;

Collected Completer::complete(std::string_view event, std::size_t index, const Arrival& arrival) {
    Collected collected;
    const Fields fields = parser_->look(event, collected);
    if (!fields.is_object || (fields.event_id && fields.timestamp)) {
        collected.value = event;
        return collected;
    }
    std::string& value = collected.value;
    value.reserve(event.size() + 96);
    value += '{';
    if (!fields.event_id) value += fmt::format(R"("event_id":"{}")", id_of(index, arrival));
    if (!fields.timestamp) {
        value += fmt::format(R"({}"timestamp":"{}")", value.size() > 1 ? "," : "",
                             model::format_timestamp(arrival.time_ms * 1000));
    }
    if (fields.any) value += ',';
    value += event.substr(1);
    return collected;
}

}  // namespace millrace::collect
