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
    base::Duration freshness = std::chrono::minutes(1);  ///< records wait no longer, or it isn't ready
};

/// The pipeline that runs beside the server in this process, if any, as far as the server tells of it. All
/// are called on the server's threads.
struct PipelineProbe {
    std::function<void(serve::MetricsText&)> add_metrics{};
    std::function<std::optional<std::string>()> not_ready{};  ///< why it isn't; nothing when it is
    gold::OpenWindowsChannel* open_windows = nullptr;         ///< Gold's
    LiveView::Status status{};
};

/// The HTTP port, and what it serves (docs/commands/serve.md).
class Server {
  public:
    /// Throws a usage Error when the address is taken, or when others could reach it without a key.
    Server(const catalog::DataDirectory& data, bronze::EventLog& log, const model::ShopSettings& settings,
           const ServerOptions& options, const PipelineProbe& beside = {});
    /// Waits a moment for requests that are under way; what was acknowledged is in the log.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const std::string& url() const { return http_.url(); }

  private:
    [[nodiscard]] std::vector<serve::Route> routes();
    [[nodiscard]] std::string metrics() const;

    bronze::EventLog& log_;
    const PipelineProbe probe_;
    // In this order: answers may be given until the collector is gone.
    std::optional<Dashboard> dashboard_;
    std::optional<IntakeApi> collector_;
    serve::HttpServer http_;
};

}  // namespace millrace::api
