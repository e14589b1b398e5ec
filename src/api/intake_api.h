#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/request_reader.h"
#include "base/clock.h"
#include "bronze/event_log.h"
#include "collect/group_commit.h"
#include "collect/rate_limiter.h"
#include "serve/http.h"

namespace millrace::api {

struct CollectOptions {
    /// The write keys, by source. If there are none, requests need no key.
    std::map<std::string, std::string> write_keys;
    /// The origins of pages that may send events from a browser; `*` allows all.
    std::vector<std::string> origins = {"*"};
    RequestReader::Limits reading;
    /// Bytes of large bodies that may wait to be read.
    std::size_t max_pending_bytes = std::size_t{64} << 20U;
    collect::GroupCommit::Limits limits;
    double max_per_key = 0;      ///< events per second for one write key; 0: no limit
    double max_per_address = 0;  ///< events per second for one client address; 0: no limit
};

/// The HTTP endpoints that accept events (docs/collect.md). A request is answered after the log has stored
/// its messages durably, as they were sent. Small bodies are read on the server's thread, and large or
/// compressed ones on another thread, so that they do not delay other requests.
class IntakeApi {
  public:
    /// `log` must outlive this object.
    IntakeApi(bronze::EventLog& log, const model::RuleOptions& rules, CollectOptions options);
    /// Must be called after the server has stopped.
    ~IntakeApi();
    IntakeApi(const IntakeApi&) = delete;
    IntakeApi& operator=(const IntakeApi&) = delete;

    /// Returns the routes, which use this object.
    [[nodiscard]] std::vector<serve::Route> routes();

    struct Counts {
        std::atomic<std::int64_t> requests = 0;
        std::atomic<std::int64_t> events = 0;   ///< acknowledged messages
        std::atomic<std::int64_t> invalid = 0;  ///< acknowledged items that break a validation rule
        std::atomic<std::int64_t> warned = 0;   ///< warnings in responses
        std::atomic<std::int64_t> ignored = 0;  ///< acknowledged items that are no events
        std::atomic<std::int64_t> refused_key = 0;
        std::atomic<std::int64_t> refused_syntax = 0;
        std::atomic<std::int64_t> refused_size = 0;
        std::atomic<std::int64_t> refused_busy = 0;
        std::atomic<std::int64_t> refused_limit = 0;
        std::atomic<std::int64_t> failed = 0;  ///< requests whose messages the log could not store
    };
    [[nodiscard]] const Counts& counts() const { return *counts_; }
    /// The number of senders whose rate-limit state was dropped because there were too many.
    [[nodiscard]] std::int64_t forgotten_senders() const {
        return by_key_.forgotten() + by_address_.forgotten();
    }
    [[nodiscard]] std::size_t waiting_bytes() const { return commit_.waiting_bytes(); }

  private:
    /// A request and what is known about it before its body is read.
    struct Intake {
        std::shared_ptr<serve::HttpRequest> request;
        const IntakeProtocol* protocol = nullptr;
        std::optional<std::string> source;  ///< nothing: the body must give the key
        serve::Respond respond;
    };

    static std::vector<IntakeProtocol> protocols();
    void take(const Intake& intake);
    void read_on_other_thread(const Intake& intake);
    void read(RequestReader& reader, const Intake& sent);
    void refuse_key(const Intake& intake);
    void store(const Intake& intake, ReadRequest made, base::WallTime now);
    [[nodiscard]] std::optional<std::string> source_of(std::string_view key) const;
    [[nodiscard]] std::int64_t wait_for(const Intake& intake, std::size_t events);
    [[nodiscard]] serve::HttpResponse source_config(const serve::HttpRequest& request) const;
    [[nodiscard]] bool is_allowed_origin(const serve::HttpRequest& request) const;
    [[nodiscard]] serve::HttpResponse allowing(const serve::HttpRequest& request,
                                               serve::HttpResponse response) const;

    const model::RuleOptions rules_;
    const CollectOptions options_;
    const std::vector<IntakeProtocol> protocols_ = protocols();
    RequestReader reader_;        // used on the server's thread
    RequestReader large_reader_;  // used on the thread of large_bodies_
    collect::RateLimiter by_key_{options_.max_per_key};
    collect::RateLimiter by_address_{options_.max_per_address};
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
    std::atomic<std::size_t> pending_bytes_ = 0;
    collect::GroupCommit commit_;
    boost::asio::thread_pool large_bodies_{1};  // last, since its thread uses the other members
};

}  // namespace millrace::api
