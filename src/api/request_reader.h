#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "collect/pending_event.h"
#include "collect/request_body.h"
#include "collect/translation.h"
#include "serve/http.h"
#include "silver/check.h"
#include "silver/decoder.h"

namespace millrace::api {

/// A protocol for sending events: how a body is translated, and how a request is answered.
struct IntakeProtocol {
    std::string path;
    /// Empty for Millrace's own protocol.
    std::function<collect::Translation(std::string_view body, std::string_view source, std::size_t max_bytes)>
        translate{};
    serve::HttpResponse success_reply{};  ///< the response for a protocol other than Millrace's
};

/// The content of a request.
struct ReadRequest {
    std::vector<collect::PendingEvent> events;
    /// The first 1,000 events that break a rule, and so will probably be quarantined.
    base::json::array invalid;
    std::int64_t invalid_count = 0;  ///< number of all events that break a rule
    std::int64_t ignored = 0;        ///< messages of other collectors that are not events
    std::vector<collect::Warning> warnings;
};

/// Converts the bodies of requests into events, and checks these as Silver will. Not thread-safe: each thread
/// has its own reader.
class RequestReader {
  public:
    struct Limits {
        /// The limit of a body, before and after decompression.
        std::size_t max_body_bytes = std::size_t{8} << 20U;
        collect::BodyReader::Limits body;
    };

    /// `rules` must outlive this object.
    RequestReader(const model::RuleOptions& rules, Limits limits);

    /// Reads a request. `now` is the wall-clock time of its arrival. Throws collect::UnknownEncoding,
    /// collect::LargeBody and collect::BadBody.
    ReadRequest read(const serve::HttpRequest& request, const IntakeProtocol& protocol,
                     std::string_view source, base::WallTime now);

  private:
    void check(ReadRequest& made, base::WallTime now);

    const Limits limits_;
    collect::BodyReader bodies_;
    collect::EventDefaults defaults_;
    silver::EventTypes types_;
    silver::Decoder decoder_;
    silver::Checker checker_;
    std::string padded_;  // the event that is being checked, with padding
};

}  // namespace millrace::api
