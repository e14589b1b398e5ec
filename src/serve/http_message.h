#pragma once

#include <boost/beast/http.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"

/// Between Beast's messages and those that the handlers see.
namespace millrace::serve {

using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using RawRequest = boost::beast::http::request<boost::beast::http::string_body>;
using RawResponse = boost::beast::http::response<boost::beast::http::string_body>;

inline constexpr std::uint32_t max_header_bytes = 16U << 10U;

/// Why two servers could read a request in two ways (RFC 9112, sections 3.2 and 6.1), of which one may be a
/// proxy before this one. Returns nothing for a request that is clear.
std::optional<std::string_view> ambiguity(const RawRequest& request);

/// The request for a handler; null when its target is no path. `peer` is the address of the connection: where
/// it is one of `trusted_proxies`, the proxy states the client's address.
std::shared_ptr<HttpRequest> to_request(RawRequest&& raw, const std::string& peer,
                                        const std::vector<std::string>& trusted_proxies);

/// The response to a request that cannot be read; nothing when the connection is just closed.
std::optional<HttpResponse> refusal(boost::beast::error_code error, std::size_t max_body_bytes);

/// The route for a request, or why there is none: a response with the status 404 or 405.
struct Dispatch {
    const Handle* handle = nullptr;
    std::optional<HttpResponse> refused;  ///< set when `handle` is null
};
/// A path is served by the routes of its own, or by those of the longest `/*` above it.
Dispatch find_route(const HttpRequest& request, const std::vector<Route>& routes);

/// The response as it is sent.
RawResponse to_raw(HttpResponse&& response, bool keep_alive);

}  // namespace millrace::serve
