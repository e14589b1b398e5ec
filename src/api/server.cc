#include "api/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <iterator>

#include "base/error.h"

namespace millrace::api {

using serve::HttpRequest;
using serve::Respond;

namespace {

void check(const catalog::DataDirectory& data, const ServerOptions& options) {
    boost::system::error_code unknown;
    const auto address = boost::asio::ip::make_address(options.http.address, unknown);
    if (unknown || address.is_loopback()) return;
    const std::string doing = fmt::format("listening on {}", options.http.address);
    if (options.collect.write_keys.empty())
        throw usage_error(doing, "anyone who reaches this address could write events",
                          "Give at least one --write-key SOURCE=KEY, or listen on 127.0.0.1.");
    if (serve::AccessList::load(data.access()).entries().empty())
        throw usage_error(doing, "anyone who reaches this address could read the shop's figures",
                          "Add a user with: millrace access add NAME. Or listen on 127.0.0.1.");
}

serve::HttpServerOptions checked(const catalog::DataDirectory& data, const ServerOptions& options) {
    check(data, options);
    serve::HttpServerOptions http = options.http;
    http.max_body_bytes = options.collect.reading.max_body_bytes;
    return http;
}

void add(serve::MetricsText& text, const IntakeApi::Counts& counts, std::size_t waiting_bytes) {
    const auto value = [&](std::int64_t count, const serve::MetricsText::Labels& labels = {}) {
        text.value(static_cast<double>(count), labels);
    };
    text.counter("millrace_collect_requests_total", "Requests to send events, including refused ones.");
    value(counts.requests);
    text.counter("millrace_collect_events_total", "Acknowledged events, which the log has stored durably.");
    value(counts.events);
    text.counter("millrace_collect_invalid_events_total",
                 "Acknowledged events that break a rule. They will be quarantined.");
    value(counts.invalid);
    text.counter("millrace_collect_flawed_events_total",
                 "The former name of millrace_collect_invalid_events_total, until 0.3.");
    value(counts.invalid);
    text.counter("millrace_collect_warnings_total",
                 "Warnings about fields and types of acknowledged events that only resemble known ones.");
    value(counts.warned);
    text.counter("millrace_collect_ignored_messages_total",
                 "Messages of Segment's libraries that are not events, such as identify.");
    value(counts.ignored);
    text.counter("millrace_collect_refused_requests_total", "Requests that were refused.");
    value(counts.refused_key, {{"reason", "key"}});
    value(counts.refused_syntax, {{"reason", "syntax"}});
    value(counts.refused_size, {{"reason", "size"}});
    value(counts.refused_busy, {{"reason", "busy"}});
    value(counts.refused_limit, {{"reason", "limit"}});
    value(counts.failed, {{"reason", "log"}});
    text.gauge("millrace_collect_waiting_bytes", "Bytes of events that wait to be written to the log.");
    value(static_cast<std::int64_t>(waiting_bytes));
}

void add(serve::MetricsText& text, const serve::HttpServer::Counts& counts) {
    text.counter("millrace_http_refused_total",
                 "Connections and requests that were refused before they reached a route.");
    const auto value = [&](std::int64_t count, const char* reason) {
        text.value(static_cast<double>(count), {{"reason", reason}});
    };
    value(counts.too_large, "size");
    value(counts.malformed, "syntax");
    value(counts.too_slow, "timeout");
    value(counts.busy, "memory");
    value(counts.connections, "connections");
    value(counts.per_address, "address");
    text.counter("millrace_http_evicted_connections_total",
                 "Idle connections closed to make room for new ones.");
    text.value(static_cast<double>(counts.evicted));
}

}  // namespace

Server::Server(const catalog::DataDirectory& data, bronze::EventLog& log, const model::ShopSettings& settings,
               const ServerOptions& options, const PipelineProbe& probe)
    : log_(log),
      probe_(probe),
      dashboard_(std::in_place, data, log, settings, options.dashboard, probe.open_windows, probe.uncommitted,
                 probe.status),
      intake_(std::in_place, log, settings.rules, options.collect),
      http_(checked(data, options), routes()) {}

Server::~Server() {
    http_.stop();
    dashboard_.reset();  // destroyed first, since its threads may use the intake
    intake_.reset();
}

std::string Server::metrics() const {
    serve::MetricsText text;
    add(text, intake_->counts(), intake_->waiting_bytes());
    text.counter("millrace_collect_forgotten_senders_total",
                 "Senders whose rate-limit state was dropped because there were more than 100,000 senders.");
    text.value(static_cast<double>(intake_->forgotten_senders()));
    add(text, http_.counts());
    text.gauge("millrace_http_connections", "Open connections.");
    text.value(static_cast<double>(http_.connections()));
    text.gauge("millrace_http_max_connections",
               "The limit of open connections: 2,000, or fewer if this process may not open so many files.");
    text.value(static_cast<double>(http_.max_connections()));
    dashboard_->add_metrics(text);
    text.gauge("millrace_log_end_offset", "The end offset of each partition of the log.");
    for (int partition = 0; partition < log_.partitions(); ++partition)
        text.value(static_cast<double>(log_.cached_end(partition).value()),
                   {{"partition", std::to_string(partition)}});
    if (probe_.add_metrics) probe_.add_metrics(text);
    return text.text();
}

std::vector<serve::Route> Server::routes() {
    auto routes = intake_->routes();
    std::ranges::move(dashboard_->routes(), std::back_inserter(routes));
    routes.push_back({"GET", "/healthz", [](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
                          respond({.body = "{\"status\":\"up\"}\n"});
                      }});
    routes.push_back({"GET", "/readyz", [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
                          const auto why = probe_.not_ready ? probe_.not_ready() : std::nullopt;
                          respond(why ? serve::problem(503, *why)
                                      : serve::HttpResponse{.body = "{\"status\":\"ready\"}\n"});
                      }});
    const auto send_metrics = [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
        respond({.content_type = serve::MetricsText::content_type, .body = metrics()});
    };
    routes.push_back({"GET", "/metrics", dashboard_->guarded(serve::Role::read, send_metrics)});
    return routes;
}

}  // namespace millrace::api
