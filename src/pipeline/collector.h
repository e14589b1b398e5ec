#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "bronze/event_log.h"
#include "collect/collected.h"
#include "collect/group_commit.h"
#include "collect/rate_limiter.h"
#include "collect/request_body.h"
#include "collect/translation.h"
#include "serve/http.h"
#include "silver/check.h"
#include "silver/decoder.h"

namespace millrace::pipeline {

struct CollectOptions {
    /// The keys that may write, by source. With none, requests need no key.
    std::map<std::string, std::string> write_keys;
    /// The pages' origins that may send from a browser; `*` stands for all.
    std::vector<std::string> origins = {"*"};
    std::size_t most_event_bytes = std::size_t{1} << 20U;
    std::size_t most_body_bytes = std::size_t{8} << 20U;  ///< unpacked, too
    collect::GroupCommit::Limits limits;
    double most_per_key = 0;      ///< events a second of one write key; 0: no limit
    double most_per_address = 0;  ///< likewise, of one client's address
};

/// Takes events in over HTTP (docs/collect.md): a request is answered once the log has its events for good.
class Collector {
  public:
    Collector(bronze::EventLog& log, const silver::RuleOptions& rules, CollectOptions options);

    /// What to serve; the routes use this object.
    [[nodiscard]] std::vector<serve::Route> routes();

    struct Counts {
        std::atomic<std::int64_t> requests = 0;
        std::atomic<std::int64_t> events = 0;   ///< acknowledged
        std::atomic<std::int64_t> flawed = 0;   ///< of them, those that break a rule
        std::atomic<std::int64_t> ignored = 0;  ///< messages of other collectors that are no events
        std::atomic<std::int64_t> refused_key = 0;
        std::atomic<std::int64_t> refused_syntax = 0;
        std::atomic<std::int64_t> refused_size = 0;
        std::atomic<std::int64_t> refused_busy = 0;
        std::atomic<std::int64_t> refused_limit = 0;
        std::atomic<std::int64_t> failed = 0;  ///< requests that the log didn't take
    };
    [[nodiscard]] const Counts& counts() const { return *counts_; }
    [[nodiscard]] std::size_t waiting_bytes() const { return commit_.waiting_bytes(); }

  private:
    /// One way of sending events: what a body becomes, and how it is answered.
    struct Dialect {
        std::string path;
        std::function<collect::Translation(std::string_view body, std::size_t most_bytes)>
            translate{};               ///< nothing: they are Millrace's
        serve::HttpResponse thanks{};  ///< where the answer isn't Millrace's
    };

    static std::vector<Dialect> dialects();
    void take(const serve::HttpRequest& request, const Dialect& dialect, const serve::Respond& respond);
    [[nodiscard]] std::vector<std::string_view> split(const serve::HttpRequest& request,
                                                      const Dialect& dialect, std::string& body);
    [[nodiscard]] std::optional<std::string> source_of(const serve::HttpRequest& request) const;
    [[nodiscard]] bool is_allowed_origin(const serve::HttpRequest& request) const;
    [[nodiscard]] serve::HttpResponse allowing(const serve::HttpRequest& request,
                                               serve::HttpResponse response) const;
    base::json::array check(const std::vector<collect::Collected>& events, std::int64_t time_ms);

    const silver::RuleOptions rules_;
    const CollectOptions options_;
    const std::vector<Dialect> dialects_ = dialects();
    // What follows is the server's thread's, but for the counts.
    collect::BodyReader bodies_;
    collect::Completer completer_;
    silver::EventTypes types_;
    silver::Decoder decoder_;
    silver::Checker checker_;
    std::string padded_;  // the event that is checked
    collect::RateLimiter by_key_{options_.most_per_key};
    collect::RateLimiter by_address_{options_.most_per_address};
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
    collect::GroupCommit commit_;
};

}  // namespace millrace::pipeline
