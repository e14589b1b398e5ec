#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "collect/pending_event.h"
#include "collect/request_body.h"
#include "collect/translation.h"
#include "serve/http.h"
#include "silver/check.h"
#include "silver/decoder.h"

namespace millrace::api {

/// One way of sending events: what a body becomes, and how it is answered.
struct IntakeProtocol {
    std::string path;
    std::function<collect::Translation(std::string_view body, std::string_view source, std::size_t max_bytes)>
        translate{};                      ///< nothing: they are Millrace's
    serve::HttpResponse success_reply{};  ///< where the answer isn't Millrace's
};

/// What a request brings.
struct ReadRequest {
    std::vector<collect::PendingEvent> events;
    base::json::array
        flawed;  ///< those that will end in quarantine, as far as it can be told; the first 1,000
    std::int64_t flawed_count = 0;  ///< all of them
    std::int64_t ignored = 0;       ///< messages of other collectors that are no events
    std::vector<collect::Warning> warnings;
};

/// Makes events of requests' bodies, and checks them as silver will. One for each thread.
class RequestReader {
  public:
    struct Limits {
        std::size_t max_body_bytes = std::size_t{8} << 20U;  ///< unpacked, too
        collect::BodyReader::Limits body;
    };

    /// `rules` must outlive it.
    RequestReader(const model::RuleOptions& rules, Limits limits);

    /// Throws collect::UnknownEncoding, LargeBody and BadBody. `now_ms` is the arrival's wall-clock time.
    ReadRequest read(const serve::HttpRequest& request, const IntakeProtocol& dialect,
                     std::string_view source, std::int64_t now_ms);

  private:
    void check(ReadRequest& made, std::int64_t now_ms);

    const Limits limits_;
    collect::BodyReader bodies_;
    collect::EventDefaults completer_;
    silver::EventTypes types_;
    silver::Decoder decoder_;
    silver::Checker checker_;
    std::string padded_;  // the event that is checked
};

}  // namespace millrace::api
