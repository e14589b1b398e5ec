#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/request_reader.h"
#include "bronze/event_log.h"
#include "collect/group_commit.h"
#include "collect/rate_limiter.h"
#include "serve/http.h"

namespace millrace::api {

struct CollectOptions {
    /// The keys that may write, by source. With none, requests need no key.
    std::map<std::string, std::string> write_keys;
    /// The pages' origins that may send from a browser; `*` stands for all.
    std::vector<std::string> origins = {"*"};
    RequestReader::Limits reading;
    std::size_t max_pending_bytes = std::size_t{64} << 20U;  ///< of large bodies that wait to be read
    collect::GroupCommit::Limits limits;
    double max_per_key = 0;      ///< events a second of one write key; 0: no limit
    double max_per_address = 0;  ///< likewise, of one client's address
};

/// Takes events in over HTTP (docs/collect.md): a request is answered once the log has its events for good.
/// Small bodies are read on the server's thread, large and packed ones on another, so that they hold up
/// nobody.
class IntakeApi {
  public:
    IntakeApi(bronze::EventLog& log, const model::RuleOptions& rules, CollectOptions options);
    /// Not before the server has stopped.
    ~IntakeApi();
    IntakeApi(const IntakeApi&) = delete;
    IntakeApi& operator=(const IntakeApi&) = delete;

    /// What to serve; the routes use this object.
    [[nodiscard]] std::vector<serve::Route> routes();

    struct Counts {
        std::atomic<std::int64_t> requests = 0;
        std::atomic<std::int64_t> events = 0;   ///< acknowledged
        std::atomic<std::int64_t> flawed = 0;   ///< of them, those that break a rule
        std::atomic<std::int64_t> warned = 0;   ///< warnings that answers had
        std::atomic<std::int64_t> ignored = 0;  ///< messages of other collectors that are no events
        std::atomic<std::int64_t> refused_key = 0;
        std::atomic<std::int64_t> refused_syntax = 0;
        std::atomic<std::int64_t> refused_size = 0;
        std::atomic<std::int64_t> refused_busy = 0;
        std::atomic<std::int64_t> refused_limit = 0;
        std::atomic<std::int64_t> failed = 0;  ///< requests that the log didn't take
    };
    [[nodiscard]] const Counts& counts() const { return *counts_; }
    /// Senders whose limit was forgotten, since there were too many.
    [[nodiscard]] std::int64_t forgotten_senders() const {
        return by_key_.forgotten() + by_address_.forgotten();
    }
    [[nodiscard]] std::size_t waiting_bytes() const { return commit_.waiting_bytes(); }

  private:
    /// What is known of a request before its body is read.
    struct Intake {
        std::shared_ptr<serve::HttpRequest> request;
        const IntakeProtocol* dialect = nullptr;
        std::string source;
        serve::Respond respond;
    };

    static std::vector<IntakeProtocol> dialects();
    void take(const Intake& intake);
    void take_aside(const Intake& intake);
    void read(RequestReader& reader, const Intake& intake);
    void store(const Intake& intake, ReadRequest made, std::int64_t now_ms);
    [[nodiscard]] std::optional<std::string> source_of(const serve::HttpRequest& request) const;
    [[nodiscard]] std::int64_t wait_for(const Intake& intake, std::size_t events);
    [[nodiscard]] bool is_allowed_origin(const serve::HttpRequest& request) const;
    [[nodiscard]] serve::HttpResponse allowing(const serve::HttpRequest& request,
                                               serve::HttpResponse response) const;

    const model::RuleOptions rules_;
    const CollectOptions options_;
    const std::vector<IntakeProtocol> dialects_ = dialects();
    RequestReader reader_;        // the server's thread's
    RequestReader large_reader_;  // that of large_bodies_
    collect::RateLimiter by_key_{options_.max_per_key};
    collect::RateLimiter by_address_{options_.max_per_address};
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
    std::atomic<std::size_t> pending_bytes_ = 0;
    collect::GroupCommit commit_;
    boost::asio::thread_pool large_bodies_{1};  // last: its thread uses the others
};

}  // namespace millrace::api
