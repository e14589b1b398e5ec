#include "api/request_reader.h"

#include <fmt/format.h>

#include <utility>

#include "bronze/event_log.h"
#include "collect/content_encoding.h"

namespace millrace::api {

namespace json = boost::json;

namespace {

constexpr std::size_t max_invalid_listed = 1000;

std::string_view kind_name(const json::value& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array";
    if (value.is_bool()) return "a boolean";
    return value.is_string() ? "a string" : "a number";
}

/// Returns the text of the broken rule. For a wrong type, it names the expected and the actual type.
std::string message_of(const silver::Verdict& verdict, std::string_view event) {
    if (verdict.rule != model::ValidationRule::wrong_type) return std::string(model::rule_text(verdict.rule));
    const bool is_number = verdict.field == "price" || verdict.field == "quantity";
    boost::system::error_code broken;
    const json::value parsed = json::parse(event, broken);
    const auto* given =
        !broken && parsed.is_object() ? parsed.get_object().if_contains(verdict.field) : nullptr;
    return fmt::format("{} must be a {}{}", verdict.field, is_number ? "number" : "string",
                       given == nullptr ? std::string() : fmt::format(", not {}", kind_name(*given)));
}

}  // namespace

RequestReader::RequestReader(const model::RuleOptions& rules, Limits limits)
    : limits_(limits), types_(rules.max_event_types), checker_(rules, types_) {}

ReadRequest RequestReader::read(const serve::HttpRequest& request, const IntakeProtocol& protocol,
                                std::string_view source, base::WallTime now) {
    ReadRequest made;
    std::string body =
        collect::decode_body(request.body, request.header("content-encoding"), limits_.max_body_bytes);
    if (protocol.translate) {
        collect::Translation translation = protocol.translate(body, source, limits_.max_body_bytes);
        made.ignored = translation.ignored;
        body = std::move(translation.events);
    }
    const auto found = bodies_.split(body, limits_.body);
    const collect::RequestContext arrival{source, request.header("idempotency-key"), now};
    made.events.reserve(found.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        made.events.push_back(defaults_.complete(found[i], i, arrival, made.warnings));
    check(made, now);
    return made;
}

void RequestReader::check(ReadRequest& made, base::WallTime now) {
    model::Event event;
    for (std::size_t i = 0; i < made.events.size(); ++i) {
        const std::string_view value = made.events[i].value;
        padded_.assign(value).append(bronze::record_padding, '\0');
        auto verdict = decoder_.decode(std::string_view(padded_).substr(0, value.size()), event);
        if (verdict.ok()) verdict = checker_.check(event, now);
        if (verdict.ok() || ++made.invalid_count > static_cast<std::int64_t>(max_invalid_listed)) continue;
        made.invalid.push_back({{"index", i},
                                {"rule", model::rule_name(verdict.rule)},
                                {"field", verdict.field},
                                {"message", message_of(verdict, value)}});
    }
}

}  // namespace millrace::api
