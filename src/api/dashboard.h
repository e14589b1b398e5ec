#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/incoming.h"
#include "api/live_socket.h"
#include "api/live_view.h"
#include "api/reports.h"
#include "bronze/event_log.h"
#include "serve/access.h"
#include "serve/metrics_text.h"
#include "serve/static_files.h"

namespace millrace::api {

struct DashboardOptions {
    /// Directory of the built pages; empty: the installed ones, or those of the build.
    std::filesystem::path pages;
    /// Path of DuckDB's program; empty: the installed one, or that of the build.
    std::filesystem::path duckdb;
    serve::SqlLimits sql;  ///< limits of each query
    int sql_queries = 2;   ///< number of queries that run at the same time
    int sql_waiting = 64;  ///< number of queries that may wait; more are answered with 503

    /// Throws a usage Error for invalid limits.
    void validate() const { sql.validate(); }
};

/// The dashboard: its pages, and the API that they use (schemas/openapi.yaml) for current figures, reports,
/// SQL, and a few changes. Each route requires a role from the access list (serve/access.h). Thread-safe.
class Dashboard {
  public:
    /// Replayed records are appended to `log`. If DuckDB is not found, requests for reports are answered with
    /// the reason. `log` and `open` must outlive this object.
    Dashboard(const catalog::DataDirectory& data, bronze::EventLog& log, const model::ShopSettings& settings,
              const DashboardOptions& options, gold::OpenWindowsChannel* open,
              const silver::UncommittedRows* uncommitted, LiveView::Status status);
    ~Dashboard();
    Dashboard(const Dashboard&) = delete;
    Dashboard& operator=(const Dashboard&) = delete;

    /// Returns the routes, which use this object.
    [[nodiscard]] std::vector<serve::Route> routes();
    /// Wraps a handler so that it requires at least this role.
    [[nodiscard]] serve::Handle guarded(serve::Role required, serve::Handle handle);
    /// Adds the metrics of queries, logins and the tables' files.
    void add_metrics(serve::MetricsText& text) const;

  private:
    /// Returns the response, or nothing if it has already responded.
    using Work = std::function<std::optional<serve::HttpResponse>()>;
    /// A thread pool with a limit on waiting requests.
    struct Pool {
        explicit Pool(int count, int max_waiting = 64)
            : max(count + max_waiting), threads(static_cast<std::size_t>(count)) {}

        const int max;  ///< maximum number of requests that run or wait
        std::atomic<int> waiting = 0;
        std::atomic<std::int64_t> refused = 0;
        boost::asio::thread_pool threads;
    };

    static std::optional<serve::HttpResponse> attempt(const Work& work);
    static void answer_later(Pool& pool, const serve::Respond& respond, Work work);
    [[nodiscard]] serve::HttpResponse refusal(serve::Role has, const serve::HttpRequest& request,
                                              serve::Role required) const;
    [[nodiscard]] serve::HttpResponse about(const serve::HttpRequest& request);
    void login(const serve::HttpRequest& request, const serve::Respond& respond);
    [[nodiscard]] serve::HttpResponse logout(const serve::HttpRequest& request);
    [[nodiscard]] serve::HttpResponse report(const serve::HttpRequest& request);
    [[nodiscard]] serve::HttpResponse sql(const serve::HttpRequest& request);
    [[nodiscard]] serve::HttpResponse replay(const serve::HttpRequest& request);
    [[nodiscard]] serve::HttpResponse silence(const serve::HttpRequest& request);

    const catalog::DataDirectory data_;
    bronze::EventLog& log_;
    const model::ShopSettings settings_;
    serve::Access access_;
    const serve::StaticFiles pages_;
    LiveView live_;
    LiveSocket live_socket_{live_};
    std::optional<Reports> reports_;    // nothing if DuckDB was not found
    std::optional<Incoming> incoming_;  // nothing if DuckDB was not found
    std::string why_no_reports_;
    // The pools are last, since their threads use the other members. Queries, password checks, quick replies
    // and changes have separate pools, so that they do not wait for each other.
    Pool query_pool_;
    Pool auth_pool_{1};
    Pool quick_pool_{1};
    Pool write_pool_{1};
};

}  // namespace millrace::api
