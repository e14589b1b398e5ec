#include "pipeline/collector.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "collect/ga4.h"
#include "collect/segment.h"
#include "serve/access.h"

namespace millrace::pipeline {

namespace json = boost::json;
using serve::HttpRequest;
using serve::HttpResponse;
using serve::problem;

namespace {

constexpr const char* no_source = "";

struct UnknownEncoding {};

/// Whether two secrets are the same, in a time that tells nothing of where they differ.
bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// The key that a request shows, in one of the ways that there are. Segment's libraries put it into the
/// user's name of Basic credentials; Google Analytics calls its parameter `api_secret`.
std::string key_of(const HttpRequest& request) {
    if (request.header("authorization").empty()) {
        const std::string_view key = request.parameter("key");
        return std::string(key.empty() ? request.parameter("api_secret") : key);
    }
    const std::string shown = serve::credentials(request);
    return request.header("authorization").starts_with("Basic ") ? shown.substr(0, shown.find(':')) : shown;
}

HttpResponse later(unsigned status, std::string_view error, std::string_view seconds) {
    HttpResponse response =
        problem(status, error, "Send it again a little later; nothing was lost but time.");
    response.headers.emplace_back("Retry-After", seconds);
    return response;
}

HttpResponse accepted(std::size_t count, const json::array& flawed) {
    return {.status = 202,
            .body = json::serialize(json::object{{"accepted", count}, {"flawed", flawed}}) + "\n"};
}

}  // namespace

Collector::Collector(bronze::EventLog& log, const silver::RuleOptions& rules, CollectOptions options)
    : rules_(rules),
      options_(std::move(options)),
      types_(rules.max_event_types),
      checker_(rules_, types_),
      commit_(log, options_.limits) {}

/// Millrace's own, Segment's HTTP API, and the Measurement Protocol of Google Analytics 4.
std::vector<Collector::Dialect> Collector::dialects() {
    const auto segment = [](std::string_view method) {
        return Dialect{.path = "/v1/" + std::string(method),
                       .translate =
                           [method](std::string_view body, std::size_t most) {
                               return collect::translate_segment(method, body, most);
                           },
                       .thanks = {.body = "{\"success\":true}\n"}};
    };
    return {{.path = "/v1/events"},
            segment("track"),
            segment("page"),
            segment("batch"),
            {.path = "/mp/collect", .translate = collect::translate_ga4, .thanks = {.status = 204}}};
}

std::vector<serve::Route> Collector::routes() {
    const auto tell_what_is_allowed = [this](const std::shared_ptr<HttpRequest>& request,
                                             const serve::Respond& respond) {
        HttpResponse response = allowing(*request, {.status = 204});
        response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
        response.headers.emplace_back("Access-Control-Allow-Headers",
                                      "Authorization, Content-Type, Content-Encoding, Idempotency-Key");
        response.headers.emplace_back("Access-Control-Max-Age", "7200");
        respond(std::move(response));
    };
    std::vector<serve::Route> routes;
    for (const Dialect& dialect : dialects_) {
        const auto take_events = [this, &dialect](const std::shared_ptr<HttpRequest>& request,
                                                  const serve::Respond& respond) {
            ++counts_->requests;
            take(*request, dialect, [this, request, respond](HttpResponse response) {
                respond(allowing(*request, std::move(response)));
            });
        };
        routes.push_back({"POST", dialect.path, take_events});
        routes.push_back({"OPTIONS", dialect.path, tell_what_is_allowed});
    }
    return routes;
}

/// Whether the page that sent the request, if one did, may: it is named, or this server's own.
bool Collector::is_allowed_origin(const HttpRequest& request) const {
    const std::string_view origin = request.header("origin");
    const auto is_named = [origin](const std::string& each) { return each == "*" || each == origin; };
    return origin.empty() || std::ranges::any_of(options_.origins, is_named) || serve::is_same_site(request);
}

/// The response with what a browser needs to show it to the page that sent the request.
HttpResponse Collector::allowing(const HttpRequest& request, HttpResponse response) const {
    const std::string_view origin = request.header("origin");
    if (!origin.empty() && is_allowed_origin(request)) {
        response.headers.emplace_back("Access-Control-Allow-Origin", origin);
        response.headers.emplace_back("Vary", "Origin");
    }
    return response;
}

/// Whose key the request shows; nothing when that is none.
std::optional<std::string> Collector::source_of(const HttpRequest& request) const {
    if (options_.write_keys.empty()) return no_source;
    const std::string key = key_of(request);
    std::optional<std::string> found;
    for (const auto& [source, known] : options_.write_keys) {
        if (same_secret(key, known)) found = source;
    }
    return found;
}

std::vector<std::string_view> Collector::split(const HttpRequest& request, const Dialect& dialect,
                                               std::string& body) {
    const std::string_view encoding = request.header("content-encoding");
    if (encoding == "gzip") {
        body = collect::unzip(request.body, options_.most_body_bytes);
    } else if (encoding.empty() || encoding == "identity") {
        body = request.body;
    } else {
        throw UnknownEncoding();
    }
    if (dialect.translate) {
        collect::Translation translation = dialect.translate(body, options_.most_body_bytes);
        counts_->ignored += translation.ignored;
        body = std::move(translation.events);
    }
    auto events = bodies_.split(body);
    for (const std::string_view event : events) {
        if (event.size() > options_.most_event_bytes) throw collect::LargeBody(options_.most_event_bytes);
    }
    return events;
}

/// Those that will end in quarantine, as it can be told here.
json::array Collector::check(const std::vector<collect::Collected>& events, std::int64_t time_ms) {
    json::array flawed;
    model::Event event;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const std::size_t size = events[i].value.size();
        padded_.assign(events[i].value).append(bronze::record_padding, '\0');
        auto verdict = decoder_.decode(std::string_view(padded_).substr(0, size), event);
        if (verdict.ok()) verdict = checker_.check(event, time_ms);
        if (verdict.ok()) continue;
        flawed.push_back({{"index", i},
                          {"rule", model::rule_name(verdict.rule)},
                          {"field", verdict.field},
                          {"message", model::rule_text(verdict.rule)}});
    }
    return flawed;
}

void Collector::take(const HttpRequest& request, const Dialect& dialect, const serve::Respond& respond) {
    const auto source = source_of(request);
    if (!source) {
        ++counts_->refused_key;
        HttpResponse response =
            problem(401, "this is no write key",
                    "Send one as `Authorization: Bearer KEY`, as Basic credentials' user, or as `?key=KEY`.");
        response.headers.emplace_back("WWW-Authenticate", "Bearer");
        return respond(std::move(response));
    }
    if (!is_allowed_origin(request)) {
        ++counts_->refused_key;
        return respond(problem(403, "pages of this origin may not send", "Name it: --origin ORIGIN."));
    }
    const std::int64_t now = base::now_ms();
    std::vector<collect::Collected> events;
    try {
        std::string body;
        const auto found = split(request, dialect, body);
        const collect::Arrival arrival{*source, request.header("idempotency-key"), now};
        events.reserve(found.size());
        for (std::size_t i = 0; i < found.size(); ++i)
            events.push_back(completer_.complete(found[i], i, arrival));
    } catch (const collect::LargeBody& error) {
        ++counts_->refused_size;
        return respond(problem(413, error.what()));
    } catch (const collect::BadBody& error) {
        ++counts_->refused_syntax;
        return respond(problem(400, error.what()));
    } catch (const UnknownEncoding&) {
        ++counts_->refused_syntax;
        return respond(
            problem(415, "the Content-Encoding is neither gzip nor identity", "Send it as it is."));
    }
    if (events.empty()) return respond(dialect.translate ? dialect.thanks : accepted(0, {}));
    const auto count = events.size();
    const std::int64_t wait =
        std::max(by_key_.wait_for(*source, count, now), by_address_.wait_for(request.address, count, now));
    if (wait > 0) {
        ++counts_->refused_limit;
        return respond(later(429, "this is more than one sender may send", std::to_string(wait)));
    }
    by_key_.take(*source, count);
    by_address_.take(request.address, count);
    auto flawed = check(events, now);
    const auto done = [respond, &dialect, counts = counts_, count,
                       flawed = std::move(flawed)](const std::string* fault) {
        if (fault != nullptr) {
            ++counts->failed;
            return respond(later(503, "the events could not be stored: " + *fault, "5"));
        }
        counts->events += static_cast<std::int64_t>(count);
        counts->flawed += static_cast<std::int64_t>(flawed.size());
        respond(dialect.translate ? dialect.thanks : accepted(count, flawed));
    };
    if (commit_.submit(std::move(events), now, done)) return;
    ++counts_->refused_busy;
    respond(later(429, "the log can't keep up", "1"));
}

}  // namespace millrace::pipeline
