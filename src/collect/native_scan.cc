#include "collect/native_scan.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "collect/near_miss.h"

namespace millrace::collect {

namespace {

constexpr std::size_t max_similar_names = 10;  // limit for one event

/// The parts of an event that matter for its key and warnings.
struct Fields {
    std::optional<std::string> user;
    std::optional<std::string> visitor;
    std::string similar_type;                // the event_type if it only resembles a known type
    std::vector<std::string> similar_names;  // names of fields that only resemble known fields
    std::vector<std::string_view> intended;  // the known field for each name in similar_names
    std::vector<std::string_view> given;     // known fields that the event has

    void see(std::string_view name) {
        if (const auto known = known_field(name); !known.empty()) return given.push_back(known);
        const auto meant = intended_field(name);
        if (!meant || intended.size() >= max_similar_names) return;
        similar_names.emplace_back(name);
        intended.push_back(*meant);
    }
};

/// Warns about names that resemble a known name, unless the event has the known field as well.
void warn(const Fields& fields, std::size_t index, std::vector<Warning>& warnings) {
    const auto add = [&](std::string field, std::string message) {
        if (warnings.size() < NativeScan::max_warnings)
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

}  // namespace

struct NativeScan::Parser {
    simdjson::ondemand::parser json;

    /// Reads the fields up to where the message is damaged.
    Fields read(std::string_view message) {
        Fields fields;
        simdjson::ondemand::document document;
        simdjson::ondemand::object object;
        const simdjson::padded_string_view padded(message.data(), message.size(),
                                                  message.size() + simdjson::SIMDJSON_PADDING);
        if (json.iterate(padded).get(document) != simdjson::SUCCESS ||
            document.get_object().get(object) != simdjson::SUCCESS)
            return fields;
        for (auto field : object) {
            std::string_view name;
            if (field.unescaped_key().get(name) != simdjson::SUCCESS) break;
            fields.see(name);
            const bool is_user = name == "user_id";
            if (!is_user && name != "anonymous_id" && name != "event_type") continue;
            std::string_view text;
            if (field.value().get_string().get(text) != simdjson::SUCCESS || text.empty()) continue;
            if (name == "event_type") {
                if (intended_type(text)) fields.similar_type = text;
            } else {
                (is_user ? fields.user : fields.visitor) = text;
            }
        }
        return fields;
    }
};

NativeScan::NativeScan() : parser_(std::make_unique<Parser>()) {}
NativeScan::~NativeScan() = default;

void NativeScan::scan(std::string_view message, std::size_t index, PendingMessage& into,
                      std::vector<Warning>& warnings) {
    Fields fields = parser_->read(message);
    warn(fields, index, warnings);
    auto& key = fields.user ? fields.user : fields.visitor;
    if (!key) return;
    into.key = std::move(*key);
    into.has_key = true;
}

}  // namespace millrace::collect
