// Handles what clients send: targets, bodies of all protocols, and compressed bodies. Each must be parsed or
// refused, and a translation must give JSON that the next step accepts.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "collect/content_encoding.h"
#include "collect/ga4.h"
#include "collect/pending_event.h"
#include "collect/request_body.h"
#include "collect/segment_io.h"
#include "serve/http.h"

using namespace millrace;

namespace {

/// Processes a body like the intake API, and returns the number of events.
std::size_t take(std::string body) {
    static collect::BodyReader bodies;
    static collect::EventDefaults completer;
    const auto events = bodies.split(body, {.max_message_bytes = std::size_t{1} << 30U});
    std::vector<collect::Warning> warnings;
    for (std::size_t i = 0; i < events.size(); ++i)
        (void)completer.complete(events[i], i, {"source", "key", {}}, warnings);
    return events.size();
}

void take_translated(const collect::Translation& translation) {
    try {
        take(translation.events);
    } catch (const Error&) {
        std::abort();  // the translation is not valid JSON
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        switch (data[0]) {
            case '0':
                take(body);
                break;
            case '1':
                take_translated(collect::translate_segment("track", body, std::size_t{1} << 20U));
                break;
            case '2':
                take_translated(collect::translate_segment("batch", body, std::size_t{1} << 20U));
                break;
            case '3':
                take_translated(collect::translate_ga4(body, "source", std::size_t{1} << 20U));
                break;
            case '4': {
                serve::HttpRequest request;
                if (serve::split_target(body, request) && request.path.empty()) std::abort();
                request.headers["authorization"] = "Basic " + body;
                (void)serve::credentials(request);
                break;
            }
            default: {
                constexpr std::array encodings = {"gzip", "deflate", "br", "zstd", "zstd, gzip"};
                take(
                    collect::decode_body(body, encodings[data[0] % encodings.size()], std::size_t{1} << 20U));
            }
        }
    } catch (const Error&) {  // the input was refused
    }
    return 0;
}
