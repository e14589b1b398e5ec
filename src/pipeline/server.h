#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/collector.h"
#include "serve/http_server.h"
#include "serve/metrics_text.h"

namespace millrace::pipeline {

struct ServerOptions {
    serve::HttpServerOptions http;
    CollectOptions collect;
};

/// The HTTP port, and what it serves (docs/commands/serve.md).
class Server {
  public:
    /// Adds the metrics of the pipeline that runs beside it, if any. Called on the server's thread.
    using AddMetrics = std::function<void(serve::MetricsText&)>;
    /// Why the pipeline beside it isn't ready; nothing when it is. Likewise.
    using NotReady = std::function<std::optional<std::string>()>;

    /// Throws a usage Error when the address is taken, or when others could reach it without a write key.
    Server(bronze::EventLog& log, const silver::RuleOptions& rules, const ServerOptions& options,
           AddMetrics add_metrics = {}, NotReady not_ready = {});
    /// Waits a moment for requests that are under way; what was acknowledged is in the log.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const std::string& url() const { return http_.url(); }

  private:
    [[nodiscard]] std::vector<serve::Route> routes();
    [[nodiscard]] std::string metrics() const;

    bronze::EventLog& log_;
    const AddMetrics add_metrics_;
    const NotReady not_ready_;
    // In this order: answers may be given until the collector is gone.
    std::optional<Collector> collector_;
    serve::HttpServer http_;
};

}  // namespace millrace::pipeline
