#include "pipeline/server.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>

#include "base/error.h"

namespace millrace::pipeline {

using serve::HttpRequest;
using serve::Respond;

namespace {

void check(const ServerOptions& options) {
    boost::system::error_code unknown;
    const auto address = boost::asio::ip::make_address(options.http.address, unknown);
    if (!unknown && !address.is_loopback() && options.collect.write_keys.empty())
        throw usage_error(fmt::format("listening on {}", options.http.address),
                          "anyone who reaches this address could write events",
                          "Give at least one --write-key SOURCE=KEY, or listen on 127.0.0.1.");
}

serve::HttpServerOptions checked(const ServerOptions& options) {
    check(options);
    serve::HttpServerOptions http = options.http;
    http.most_body_bytes = options.collect.most_body_bytes;
    return http;
}

void add(serve::MetricsText& text, const Collector::Counts& counts, std::size_t waiting_bytes) {
    const auto value = [&](std::int64_t count, const serve::MetricsText::Labels& labels = {}) {
        text.value(static_cast<double>(count), labels);
    };
    text.counter("millrace_collect_requests_total", "Requests that brought events.");
    value(counts.requests);
    text.counter("millrace_collect_events_total", "Events acknowledged: the log has them for good.");
    value(counts.events);
    text.counter("millrace_collect_flawed_events_total",
                 "Acknowledged events that break a rule, and so will be quarantined.");
    value(counts.flawed);
    text.counter("millrace_collect_refused_requests_total", "Requests that were refused whole.");
    value(counts.refused_key, {{"reason", "key"}});
    value(counts.refused_syntax, {{"reason", "syntax"}});
    value(counts.refused_size, {{"reason", "size"}});
    value(counts.refused_busy, {{"reason", "busy"}});
    value(counts.failed, {{"reason", "log"}});
    text.gauge("millrace_collect_waiting_bytes", "Events that wait for the log.");
    value(static_cast<std::int64_t>(waiting_bytes));
}

}  // namespace

Server::Server(bronze::EventLog& log, const silver::RuleOptions& rules, const ServerOptions& options,
               AddMetrics add_metrics, NotReady not_ready)
    : log_(log),
      add_metrics_(std::move(add_metrics)),
      not_ready_(std::move(not_ready)),
      collector_(std::in_place, log, rules, options.collect),
      http_(checked(options), routes()) {}

Server::~Server() {
    http_.stop();
    collector_.reset();
}

std::string Server::metrics() const {
    serve::MetricsText text;
    add(text, collector_->counts(), collector_->waiting_bytes());
    text.gauge("millrace_log_end_offset", "Where each partition of the log ends.");
    for (int partition = 0; partition < log_.partitions(); ++partition)
        text.value(static_cast<double>(log_.end_heard(partition)),
                   {{"partition", std::to_string(partition)}});
    if (add_metrics_) add_metrics_(text);
    return text.text();
}

std::vector<serve::Route> Server::routes() {
    auto routes = collector_->routes();
    routes.push_back({"GET", "/healthz", [](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
                          respond({.body = "{\"status\":\"up\"}\n"});
                      }});
    routes.push_back({"GET", "/readyz", [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
                          const auto why = not_ready_ ? not_ready_() : std::nullopt;
                          respond(why ? serve::problem(503, *why)
                                      : serve::HttpResponse{.body = "{\"status\":\"ready\"}\n"});
                      }});
    routes.push_back({"GET", "/metrics", [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
                          respond({.content_type = serve::MetricsText::content_type, .body = metrics()});
                      }});
    return routes;
}

}  // namespace millrace::pipeline
