#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/dashboard.h"
#include "api/intake_api.h"
#include "serve/http_server.h"
#include "serve/metrics_text.h"

namespace millrace::api {

struct ServerOptions {
    serve::HttpServerOptions http;
    CollectOptions collect;
    DashboardOptions dashboard;
    /// /readyz reports 503 if records have waited for longer than this.
    base::Duration freshness = std::chrono::minutes(1);
};

/// What the server needs to know about the pipeline in this process, if there is one. The functions are
/// called on the server's threads.
struct PipelineProbe {
    std::function<void(serve::MetricsText&)> add_metrics{};
    /// Returns why the pipeline is not ready, or nothing if it is ready.
    std::function<std::optional<std::string>()> not_ready{};
    gold::OpenWindowsChannel* open_windows = nullptr;      ///< the channel of Gold, or nullptr
    const silver::UncommittedRows* uncommitted = nullptr;  ///< the rows that Silver has not committed yet
    LiveView::Status status{};
};

/// The HTTP server and everything that it serves (docs/commands/serve.md).
class Server {
  public:
    /// Starts to serve. Throws a usage Error if the address is in use, or if other machines could reach it
    /// without a key. `log` must outlive this object.
    Server(const catalog::DataDirectory& data, bronze::EventLog& log, const model::ShopSettings& settings,
           const ServerOptions& options, const PipelineProbe& probe = {});
    /// Stops, and waits a short time for requests in progress. Acknowledged events are in the log.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const std::string& url() const { return http_.url(); }

  private:
    [[nodiscard]] std::vector<serve::Route> routes();
    [[nodiscard]] std::string metrics() const;

    bronze::EventLog& log_;
    const PipelineProbe probe_;
    // The routes of the HTTP server use the others, so it is constructed last. The destructor destroys the
    // others before it, since they may respond until then.
    std::optional<Dashboard> dashboard_;
    std::optional<IntakeApi> intake_;
    serve::HttpServer http_;
};

}  // namespace millrace::api
