#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "collect/native_scan.h"
#include "collect/pending_message.h"
#include "serve/http.h"
#include "silver/check.h"
#include "silver/formats/record_decoder.h"

namespace millrace::api {

/// A protocol for sending events: where it is served, and how a body holds its messages.
struct IntakeProtocol {
    /// Where the messages of a request are.
    enum class Body {
        values,  ///< the body is a message, an array of messages, or a message per line
        batch,   ///< an array of the body has the messages, and the other members hold for all
        query,   ///< the query is a message, or holds for the messages in the lines of the body
    };

    std::string path;
    std::string_view format;  ///< format of the messages (silver/formats/known_formats.h)
    Body body = Body::values;
    std::string_view array{};  ///< the member with the messages, for Body::batch
    std::string_view method = "POST";
    bool validates = false;  ///< only answers what is wrong with the messages, and appends nothing
};

/// The content of a request.
struct ReadRequest {
    std::vector<collect::PendingMessage> messages;
    collect::RequestOrigin origin;
    std::string write_key;  ///< what the body gives as the sender's key, or empty
    /// The first 1,000 items that break a rule, and so will probably be quarantined.
    base::json::array invalid;
    std::int64_t invalid_count = 0;  ///< number of all items that break a rule
    std::int64_t ignored = 0;        ///< items that are no events, such as calls that identify a user
    std::vector<collect::Warning> warnings;
};

/// Cuts the bodies of requests into messages, which are not changed, and decodes these as Silver will, for
/// the answer and for the key. Not thread-safe: each thread has its own reader.
class RequestReader {
  public:
    struct Limits {
        /// The limit of a body, before and after decompression.
        std::size_t max_body_bytes = std::size_t{8} << 20U;
        std::size_t max_messages = 100'000;
        std::size_t max_message_bytes = std::size_t{1} << 20U;
        /// The limit of what the messages of a request take in the log. What a request says for all of its
        /// messages is noted with each of them.
        std::size_t max_logged_bytes = std::size_t{32} << 20U;
    };

    /// `rules` must outlive this object.
    RequestReader(const model::RuleOptions& rules, Limits limits);

    /// Reads a request. `now` is the wall-clock time of its arrival. Throws collect::UnknownEncoding,
    /// collect::LargeBody and collect::BadBody.
    ReadRequest read(const serve::HttpRequest& request, const IntakeProtocol& protocol,
                     std::string_view source, base::WallTime now);

  private:
    using Messages = std::vector<std::string_view>;

    Messages cut(std::string_view body, const serve::HttpRequest& request, const IntakeProtocol& protocol,
                 ReadRequest& into) const;
    [[nodiscard]] Messages cut_values(std::string_view body) const;
    void check_size(const Messages& messages, const collect::RequestOrigin& origin) const;
    void look_at(std::string_view message, base::WallTime now, ReadRequest& into);

    const Limits limits_;
    collect::NativeScan scan_;
    silver::EventTypes types_;
    silver::RecordDecoder decoder_;
    silver::Checker checker_;
};

}  // namespace millrace::api
