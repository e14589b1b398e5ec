// Handles what clients send: targets, bodies of all protocols, and compressed bodies. A body is cut into
// messages or refused. A message must be in the body as it was sent, and it is decoded as Silver will.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/request_reader.h"
#include "base/error.h"
#include "collect/content_encoding.h"
#include "serve/http.h"

using namespace millrace;

namespace {

using Body = api::IntakeProtocol::Body;

constexpr std::size_t max_bytes = std::size_t{1} << 20U;

/// Reads a request like the intake API.
void take(const std::string& body, const api::IntakeProtocol& protocol) {
    static const model::RuleOptions rules;
    static api::RequestReader reader(rules, {.max_message_bytes = std::size_t{1} << 30U});
    serve::HttpRequest request;
    request.path = protocol.path;
    request.body = body;
    if (protocol.body == Body::query) {
        const std::size_t line_end = body.find('\n');
        request.query_text = body.substr(0, line_end);
        request.body = line_end == std::string::npos ? "" : body.substr(line_end + 1);
    }
    const api::ReadRequest read = reader.read(request, protocol, "source", base::WallTime{});
    if (protocol.body == Body::query) return;
    for (const collect::PendingMessage& message : read.messages)
        if (body.find(message.value) == std::string::npos) std::abort();  // it is not what was sent
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        switch (data[0]) {
            case '0':
                take(body, {.path = "/v1/events", .format = "native"});
                break;
            case '1':
                take(body, {.path = "/v1/track", .format = "segment"});
                break;
            case '2':
                take(body, {.path = "/v1/batch", .format = "segment", .body = Body::batch, .array = "batch"});
                break;
            case '3':
                take(body, {.path = "/mp/collect", .format = "ga4", .body = Body::batch, .array = "events"});
                break;
            case '4': {
                serve::HttpRequest request;
                if (serve::split_target(body, request) && request.path.empty()) std::abort();
                request.headers["authorization"] = "Basic " + body;
                (void)serve::credentials(request);
                break;
            }
            case '5':
                take(body, {.path = "/g/collect", .format = "ga4", .body = Body::query});
                break;
            default: {
                constexpr std::array encodings = {"gzip", "deflate", "br", "zstd", "zstd, gzip"};
                take(collect::decode_body(body, encodings[data[0] % encodings.size()], max_bytes),
                     {.path = "/v1/events", .format = "native"});
            }
        }
    } catch (const Error&) {  // the input was refused
    }
    return 0;
}
