#include "api/intake_api.h"

#include <openssl/crypto.h>

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "api/ga4_validation.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "collect/bad_body.h"
#include "collect/content_encoding.h"
#include "serve/access.h"

namespace millrace::api {

namespace json = boost::json;
using serve::HttpRequest;
using serve::HttpResponse;
using serve::problem;

namespace {

constexpr const char* no_source = "";
constexpr std::size_t small_body_bytes = std::size_t{64} << 10U;

/// Compares two secrets of the same length in constant time.
bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Returns the write key of a request. Segment's libraries send it as the user of Basic credentials, and
/// Google Analytics as the parameter `api_secret`.
std::string key_of(const HttpRequest& request) {
    if (request.header("authorization").empty()) {
        const std::string_view key = request.parameter("key");
        return std::string(key.empty() ? request.parameter("api_secret") : key);
    }
    const std::string shown = serve::credentials(request);
    return serve::has_basic_credentials(request) ? shown.substr(0, shown.find(':')) : shown;
}

HttpResponse later(unsigned status, std::string_view error, std::string_view seconds) {
    HttpResponse response = problem(status, error, "Send the same request again later.");
    response.headers.emplace_back("Retry-After", seconds);
    return response;
}

/// Adds the items that break a rule to an answer.
void add_invalid(json::object& answer, const ReadRequest& made) {
    answer["invalid"] = made.invalid;
    const std::int64_t unlisted = made.invalid_count - static_cast<std::int64_t>(made.invalid.size());
    if (unlisted > 0) answer["more_invalid"] = unlisted;
}

HttpResponse accepted(std::size_t count, const ReadRequest& made) {
    json::object answer{{"accepted", count}};
    add_invalid(answer, made);
    if (!made.warnings.empty()) {
        json::array warnings;
        for (const auto& each : made.warnings)
            warnings.push_back({{"index", each.index}, {"field", each.field}, {"message", each.message}});
        answer["warnings"] = std::move(warnings);
    }
    // The names of 0.1, until 0.3.
    answer["flawed"] = answer["invalid"];
    if (answer.contains("more_invalid")) answer["more_flawed"] = answer["more_invalid"];
    return {.status = 202, .body = json::serialize(answer) + "\n"};
}

/// Returns what Segment's libraries expect, with the items that break a rule, which people read.
HttpResponse accepted_by_segment(const ReadRequest& made) {
    json::object answer{{"success", true}};
    if (made.invalid_count > 0) add_invalid(answer, made);
    return {.body = json::serialize(answer) + "\n"};
}

HttpResponse success_reply(const IntakeProtocol& protocol, std::size_t count, const ReadRequest& made) {
    if (protocol.format == "native") return accepted(count, made);
    return protocol.format == "segment" ? accepted_by_segment(made) : HttpResponse{.status = 204};
}

HttpResponse forbidden() {
    HttpResponse response = problem(
        401, "the write key is missing or unknown",
        "Send a key as `Authorization: Bearer KEY`, as the user of Basic credentials, or as `?key=KEY`.");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace

IntakeApi::IntakeApi(bronze::EventLog& log, const model::RuleOptions& rules, CollectOptions options)
    : rules_(rules),
      options_(std::move(options)),
      reader_(rules_, options_.reading),
      large_reader_(rules_, options_.reading),
      commit_(log, options_.limits) {}

IntakeApi::~IntakeApi() {
    large_bodies_.stop();  // requests that have not begun get no response
    large_bodies_.join();
}

/// Returns the protocols: Millrace's own, Segment's HTTP API with all paths that its libraries use, and those
/// of Google Analytics 4.
std::vector<IntakeProtocol> IntakeApi::protocols() {
    using Body = IntakeProtocol::Body;
    std::vector<IntakeProtocol> all = {{.path = "/v1/events", .format = "native"}};
    for (const char* call :
         {"track", "page", "screen", "identify", "group", "alias", "t", "p", "s", "i", "g", "a"})
        all.push_back({.path = fmt::format("/v1/{}", call), .format = "segment"});
    for (const char* path : {"/v1/batch", "/v1/import", "/v1/b", "/b"})
        all.push_back({.path = path, .format = "segment", .body = Body::batch, .array = "batch"});
    const auto ga4 = [&](const char* path, bool validates) {
        all.push_back(
            {.path = path, .format = "ga4", .body = Body::batch, .array = "events", .validates = validates});
    };
    ga4("/mp/collect", false);
    ga4("/debug/mp/collect", true);
    for (const char* method : {"POST", "GET"})
        all.push_back({.path = "/g/collect", .format = "ga4", .body = Body::query, .method = method});
    return all;
}

std::vector<serve::Route> IntakeApi::routes() {
    const auto answer_preflight = [this](const std::shared_ptr<HttpRequest>& request,
                                         const serve::Respond& respond) {
        HttpResponse response = allowing(*request, {.status = 204});
        response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST");
        response.headers.emplace_back("Access-Control-Allow-Headers",
                                      "Authorization, Content-Type, Content-Encoding, Idempotency-Key, "
                                      "AnonymousId");  // RudderStack's library for browsers sends the last
        response.headers.emplace_back("Access-Control-Max-Age", "7200");
        respond(std::move(response));
    };
    std::vector<serve::Route> routes;
    for (const IntakeProtocol& protocol : protocols_) {
        const auto take_events = [this, &protocol](const std::shared_ptr<HttpRequest>& request,
                                                   const serve::Respond& respond) {
            ++counts_->requests;
            take({request, &protocol, {}, [this, request, respond](HttpResponse response) {
                      respond(allowing(*request, std::move(response)));
                  }});
        };
        routes.push_back({std::string(protocol.method), protocol.path, take_events});
        if (protocol.method == "POST") routes.push_back({"OPTIONS", protocol.path, answer_preflight});
    }
    const auto configure = [this](const std::shared_ptr<HttpRequest>& request,
                                  const serve::Respond& respond) {
        respond(allowing(*request, source_config(*request)));
    };
    routes.push_back({"GET", "/sourceConfig", configure});
    routes.push_back({"OPTIONS", "/sourceConfig", answer_preflight});
    return routes;
}

/// Answers what RudderStack's library for browsers asks before it sends events: whether the source may send,
/// and to which destinations it should send events itself.
HttpResponse IntakeApi::source_config(const HttpRequest& request) const {
    const std::string_view in_query = request.parameter("writeKey");
    const std::string key = in_query.empty() ? key_of(request) : std::string(in_query);
    const auto source = source_of(key);
    if (!source) return forbidden();
    const json::object off{{"enabled", false}};
    return {.body = json::serialize(
                        json::object{{"source",
                                      {{"id", *source},
                                       {"name", *source},
                                       {"writeKey", key},
                                       {"enabled", true},
                                       {"workspaceId", "millrace"},
                                       {"config", {{"statsCollection", {{"errors", off}, {"metrics", off}}}}},
                                       {"destinations", json::array{}}}}}) +
                    "\n"};
}

/// Returns true if the request does not come from a page, or if the origin of the page is allowed or is this
/// server.
bool IntakeApi::is_allowed_origin(const HttpRequest& request) const {
    const std::string_view origin = request.header("origin");
    const auto is_named = [origin](const std::string& each) { return each == "*" || each == origin; };
    return origin.empty() || std::ranges::any_of(options_.origins, is_named) || serve::is_same_site(request);
}

/// Adds the headers that allow the browser to show the response to the page that sent the request.
HttpResponse IntakeApi::allowing(const HttpRequest& request, HttpResponse response) const {
    const std::string_view origin = request.header("origin");
    if (!origin.empty() && is_allowed_origin(request)) {
        response.headers.emplace_back("Access-Control-Allow-Origin", origin);
        response.headers.emplace_back("Vary", "Origin");
    }
    return response;
}

/// Returns the source that a write key belongs to, or nothing if the key is unknown.
std::optional<std::string> IntakeApi::source_of(std::string_view key) const {
    if (options_.write_keys.empty()) return no_source;
    std::optional<std::string> found;
    for (const auto& [source, known] : options_.write_keys) {
        if (same_secret(key, known)) found = source;
    }
    return found;
}

/// Returns in how many seconds the sender may send this number of events; 0: now.
std::int64_t IntakeApi::wait_for(const Intake& intake, std::size_t events) {
    const base::SteadyTime now = std::chrono::steady_clock::now();
    return std::max(by_key_.wait_for(intake.source.value_or(no_source), events, now),
                    by_address_.wait_for(intake.request->address, events, now));
}

/// Checks the sender before the body, since reading the body costs more. Segment's library for browsers has
/// the key in the body.
void IntakeApi::take(const Intake& sent) {
    const HttpRequest& request = *sent.request;
    Intake intake = sent;
    const std::string key = key_of(request);
    const bool is_in_body = key.empty() && sent.protocol->format == "segment";
    if (!is_in_body) intake.source = source_of(key);
    if (!intake.source && !is_in_body) return refuse_key(intake);
    if (!is_allowed_origin(request)) {
        ++counts_->refused_key;
        return sent.respond(problem(403, "pages of this origin may not send events",
                                    "Allow the origin with --origin ORIGIN."));
    }
    if (const auto wait = wait_for(intake, 1); wait > 0) {
        ++counts_->refused_limit;
        return intake.respond(later(429, "the sender has reached its rate limit", std::to_string(wait)));
    }
    if (request.body.size() > small_body_bytes || !request.header("content-encoding").empty())
        return read_on_other_thread(intake);
    read(reader_, intake);
}

void IntakeApi::refuse_key(const Intake& intake) {
    ++counts_->refused_key;
    intake.respond(forbidden());
}

/// Lets another thread read the body.
void IntakeApi::read_on_other_thread(const Intake& intake) {
    const std::size_t bytes = intake.request->body.size();
    if (pending_bytes_ + bytes > options_.max_pending_bytes) {
        ++counts_->refused_busy;
        return intake.respond(later(429, "too many large requests are waiting to be read", "1"));
    }
    pending_bytes_ += bytes;
    boost::asio::post(large_bodies_, [this, intake, bytes] {
        try {
            read(large_reader_, intake);
        } catch (const std::exception& error) {
            spdlog::error("collect: {}", error.what());
            intake.respond(
                problem(500, "the server failed to process the request", "The server's log says why."));
        }
        pending_bytes_ -= bytes;
    });
}

void IntakeApi::read(RequestReader& reader, const Intake& sent) {
    const base::WallTime now = base::wall_time();
    Intake intake = sent;
    try {
        ReadRequest made =
            reader.read(*intake.request, *intake.protocol, intake.source.value_or(no_source), now);
        if (!intake.source) intake.source = source_of(made.write_key);
        if (!intake.source) return refuse_key(intake);
        made.origin.source = *intake.source;
        if (intake.protocol->validates) return intake.respond(ga4_validation(made));
        store(intake, std::move(made), now);
    } catch (const collect::LargeBody& error) {
        ++counts_->refused_size;
        intake.respond(problem(413, error.what()));
    } catch (const collect::UnknownEncoding& error) {
        ++counts_->refused_syntax;
        intake.respond(problem(415, error.what()));
    } catch (const collect::BadBody& error) {
        ++counts_->refused_syntax;
        intake.respond(problem(400, error.what()));
    }
}

/// Appends the messages to the log, and responds when they are stored.
void IntakeApi::store(const Intake& intake, ReadRequest made, base::WallTime now) {
    const auto count = made.messages.size();
    const IntakeProtocol& protocol = *intake.protocol;
    if (count == 0) return intake.respond(success_reply(protocol, 0, made));
    if (const auto wait = wait_for(intake, count); wait > 0) {
        ++counts_->refused_limit;
        return intake.respond(later(429, "the sender has reached its rate limit", std::to_string(wait)));
    }
    by_key_.take(*intake.source, count);
    by_address_.take(intake.request->address, count);
    auto messages = std::move(made.messages);
    auto origin = std::move(made.origin);
    const auto done = [respond = intake.respond, &protocol, counts = counts_, count,
                       made = std::move(made)](const std::string* fault) {
        if (fault != nullptr) {
            ++counts->failed;
            return respond(later(503, "the events could not be stored: " + *fault, "5"));
        }
        counts->events += static_cast<std::int64_t>(count);
        counts->invalid += made.invalid_count;
        counts->ignored += made.ignored;
        counts->warned += static_cast<std::int64_t>(made.warnings.size());
        respond(success_reply(protocol, count, made));
    };
    if (commit_.submit(std::move(origin), std::move(messages), now, done)) return;
    ++counts_->refused_busy;
    intake.respond(later(429, "the log cannot keep up with the events", "1"));
}

}  // namespace millrace::api
