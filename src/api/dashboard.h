#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/live_socket.h"
#include "api/live_view.h"
#include "api/reports.h"
#include "bronze/event_log.h"
#include "serve/access.h"
#include "serve/metrics_text.h"
#include "serve/static_files.h"

namespace millrace::api {

struct DashboardOptions {
    std::filesystem::path pages;   ///< the folder of the built pages; empty: those it was built with
    std::filesystem::path duckdb;  ///< likewise, DuckDB's program
    serve::SqlLimits sql;          ///< of each query
    int sql_queries = 2;           ///< that run at once
    int sql_waiting = 64;          ///< that wait for their turn; more are answered with 503

    /// Throws a usage Error for bounds that make no sense.
    void validate() const { sql.validate(); }
};

/// The pages, and what they ask for (schemas/openapi.yaml): figures as they stand, reports, SQL, and the few
/// things that can be changed. Whoever looks needs the list's leave (serve/access.h).
class Dashboard {
  public:
    /// `log` takes replayed records. Where DuckDB isn't to be had, reports say so.
    Dashboard(const catalog::DataDirectory& data, bronze::EventLog& log, const model::ShopSettings& settings,
              const DashboardOptions& options, gold::OpenWindowsChannel* open, LiveView::Status status);
    ~Dashboard();
    Dashboard(const Dashboard&) = delete;
    Dashboard& operator=(const Dashboard&) = delete;

    /// What to serve; the routes use this object.
    [[nodiscard]] std::vector<serve::Route> routes();
    /// The handler for those who have at least this role.
    [[nodiscard]] serve::Handle guarded(serve::Role least, serve::Handle handle);
    /// What has become of queries and logins.
    void add_metrics(serve::MetricsText& text) const;

  private:
    /// Returns the answer, or nothing when it has given it.
    using Work = std::function<std::optional<serve::HttpResponse>()>;
    /// Threads, and how much waits for them.
    struct Pool {
        explicit Pool(int count, int max_waiting = 64)
            : max(count + max_waiting), threads(static_cast<std::size_t>(count)) {}

        const int max;  ///< requests that are worked on or wait
        std::atomic<int> waiting = 0;
        std::atomic<std::int64_t> refused = 0;
        boost::asio::thread_pool threads;
    };

    static std::optional<serve::HttpResponse> attempt(const Work& work);
    static void answer_later(Pool& pool, const serve::Respond& respond, Work work);
    [[nodiscard]] serve::HttpResponse refusal(const serve::HttpRequest& request, serve::Role has,
                                              serve::Role least) const;
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
    std::optional<Reports> reports_;  // nothing without DuckDB
    std::string why_no_reports_;
    // Last: their threads use the others. Who somebody is, what is quickly told to those who are known, and
    // what is to be changed mustn't wait for each other, nor for others' queries.
    Pool query_pool_;
    Pool auth_pool_{1};
    Pool receptionists_{1};
    Pool write_pool_{1};
};

}  // namespace millrace::api
