#include "api/request_reader.h"

#include <fmt/format.h>

#include <utility>

#include "collect/bad_body.h"
#include "collect/content_encoding.h"
#include "collect/message_batch.h"
#include "collect/message_cutter.h"

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

/// Returns the text of the broken rule. For a wrong type in a native event, it names the expected and the
/// actual type.
std::string message_of(const silver::Verdict& verdict, std::string_view message) {
    if (verdict.rule != model::ValidationRule::wrong_type) return std::string(model::rule_text(verdict.rule));
    const bool is_number = verdict.field == "price" || verdict.field == "quantity";
    boost::system::error_code broken;
    const json::value parsed = json::parse(message, broken);
    const auto* given =
        !broken && parsed.is_object() ? parsed.get_object().if_contains(verdict.field) : nullptr;
    return fmt::format("{} must be a {}{}", verdict.field, is_number ? "number" : "string",
                       given == nullptr ? std::string() : fmt::format(", not {}", kind_name(*given)));
}

/// Returns JSON of what a query says for all of its hits, and of the browser that sent them.
std::string shared_by_hits(const serve::HttpRequest& request, bool with_query) {
    json::object shared;
    if (const auto agent = request.header("user-agent"); !agent.empty()) shared["user_agent"] = agent;
    if (with_query) {
        for (const auto& [name, value] : request.query) shared[name] = value;
    }
    shared.erase("api_secret");
    shared.erase("key");
    return shared.empty() ? std::string() : json::serialize(shared);
}

/// Adds the stream of a request's query to what its body says for all events.
void add_stream(const serve::HttpRequest& request, std::string& shared) {
    for (const char* name : {"measurement_id", "firebase_app_id"}) {
        const std::string_view value = request.parameter(name);
        if (value.empty()) continue;
        const std::string member =
            json::serialize(json::string(name)) + ":" + json::serialize(json::string(value));
        shared.insert(shared.empty() ? 0 : 1, shared.empty() ? "{" + member + "}" : member + ",");
    }
}

/// Cuts the lines of a body.
std::vector<std::string_view> cut_lines(std::string_view body) {
    std::vector<std::string_view> lines;
    while (!body.empty()) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        std::string_view line = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) lines.push_back(line);
    }
    return lines;
}

}  // namespace

RequestReader::RequestReader(const model::RuleOptions& rules, Limits limits)
    : limits_(limits), types_(rules.max_event_types), checker_(rules, types_) {}

ReadRequest RequestReader::read(const serve::HttpRequest& request, const IntakeProtocol& protocol,
                                std::string_view source, base::WallTime now) {
    ReadRequest made;
    std::string body =
        collect::decode_body(request.body, request.header("content-encoding"), limits_.max_body_bytes);
    // A query is a message, too.
    const std::size_t size = body.size();
    body.append(request.query_text).append(bronze::record_padding, '\0');
    made.origin = {.format = protocol.format,
                   .path = request.path,
                   .source = std::string(source),
                   .request = std::string(request.header("idempotency-key")),
                   .received = std::to_string(base::to_ms(now)),
                   .shared = {}};
    Messages found = cut(std::string_view(body).substr(0, size), request, protocol, made);
    if (protocol.body == IntakeProtocol::Body::query && found.empty())
        found.push_back(std::string_view(body).substr(size, request.query_text.size()));
    check_size(found, made.origin);
    made.messages.reserve(found.size());
    for (const std::string_view message : found) look_at(message, now, made);
    return made;
}

RequestReader::Messages RequestReader::cut(std::string_view body, const serve::HttpRequest& request,
                                           const IntakeProtocol& protocol, ReadRequest& into) const {
    switch (protocol.body) {
        case IntakeProtocol::Body::values:
            if (protocol.format != silver::native_format)
                into.write_key = collect::text_member(body, "writeKey");
            return cut_values(body);
        case IntakeProtocol::Body::batch: {
            collect::MessageBatch batch = collect::open_batch(body, protocol.array);
            into.write_key = batch.write_key;
            into.origin.shared = std::move(batch.shared);
            add_stream(request, into.origin.shared);
            return cut_values(batch.messages);
        }
        case IntakeProtocol::Body::query: {
            Messages lines = cut_lines(body);
            into.origin.shared = shared_by_hits(request, !lines.empty());
            return lines;
        }
    }
    std::unreachable();
}

RequestReader::Messages RequestReader::cut_values(std::string_view body) const {
    Messages found;
    collect::MessageCutter cutter(body);
    while (const auto message = cutter.next()) {
        if (found.size() == limits_.max_messages) throw collect::LargeBody::of_messages(limits_.max_messages);
        found.push_back(*message);
    }
    return found;
}

void RequestReader::check_size(const Messages& messages, const collect::RequestOrigin& origin) const {
    std::size_t logged = messages.size() * origin.bytes();
    for (const std::string_view message : messages) {
        if (message.size() > limits_.max_message_bytes)
            throw collect::LargeBody(limits_.max_message_bytes, "a message");
        logged += message.size();
    }
    if (logged > limits_.max_logged_bytes)
        throw collect::LargeBody(limits_.max_logged_bytes, "its messages, each with what is said for all,");
}

/// Decodes a message, and adds it to the request with its key.
void RequestReader::look_at(std::string_view message, base::WallTime now, ReadRequest& into) {
    const std::size_t index = into.messages.size();
    collect::PendingMessage& pending = into.messages.emplace_back();
    pending.place = std::to_string(index);
    if (into.origin.format == silver::native_format) scan_.scan(message, index, pending, into.warnings);
    const bronze::Record record{
        .offset = bronze::Offset(0), .timestamp = now, .key = {}, .value = message, .headers = {}};
    const auto items = decoder_.decode(record, into.origin.of(pending.place), {});
    for (std::size_t i = 0; i < items.size(); ++i) {
        silver::Item& item = items[i];
        if (!pending.has_key && !item.event.user_id.empty()) {
            pending.key = item.event.user_id;
            pending.has_key = true;
        }
        into.ignored += item.ignored.empty() ? 0 : 1;
        if (!item.ignored.empty()) continue;
        if (item.verdict.ok()) item.verdict = checker_.check(item.event, now);
        if (item.verdict.ok() || ++into.invalid_count > static_cast<std::int64_t>(max_invalid_listed))
            continue;
        json::object listed{{"index", index}};
        if (items.size() > 1) listed["item"] = i;
        listed["rule"] = model::rule_name(item.verdict.rule);
        listed["field"] = item.verdict.field;
        listed["message"] = message_of(item.verdict, message);
        into.invalid.push_back(std::move(listed));
    }
    pending.value = message;
}

}  // namespace millrace::api
