#include "serve/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace millrace::serve {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

std::string lower(std::string_view text) {
    std::string lowered(text);
    std::ranges::transform(lowered, lowered.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lowered;
}

/// The client's address: where a trusted proxy is connected, the last address of its X-Forwarded-For.
std::string client_of(const HttpRequest& request, const std::string& peer,
                      const std::vector<std::string>& trusted_proxies) {
    if (std::ranges::find(trusted_proxies, peer) == trusted_proxies.end()) return peer;
    const std::string told = forwarded_address(request.header("x-forwarded-for"));
    return told.empty() ? peer : told;
}

/// The path of the routes that serve `path`; empty when none does. `/v1/events/` is `/v1/events`.
std::string_view route_for(std::string_view path, const std::vector<Route>& routes) {
    std::string_view best;
    const std::string_view without_slash = path.substr(0, path.find_last_not_of('/') + 1);
    for (const Route& route : routes) {
        if (route.path == path || route.path == without_slash) return route.path;
        const std::string_view folder = std::string_view(route.path).substr(0, route.path.size() - 1);
        if (route.path.ends_with("/*") && path.starts_with(folder) && route.path.size() > best.size())
            best = route.path;
    }
    return best;
}

}  // namespace

std::optional<std::string_view> ambiguity(const RawRequest& request) {
    if (request.version() >= 11 && request.count(http::field::host) != 1)
        return "a request of HTTP/1.1 has exactly one Host";
    if (request.count(http::field::transfer_encoding) == 0) return std::nullopt;
    if (request.version() < 11) return "HTTP/1.0 has no Transfer-Encoding";
    if (request.count(http::field::content_length) > 0)
        return "it has both a Content-Length and a Transfer-Encoding";
    if (request.count(http::field::transfer_encoding) > 1 ||
        !beast::iequals(request[http::field::transfer_encoding], "chunked"))
        return "the only Transfer-Encoding taken is chunked";
    return std::nullopt;
}

std::shared_ptr<HttpRequest> to_request(RawRequest&& raw, const std::string& peer,
                                        const std::vector<std::string>& trusted_proxies) {
    auto request = std::make_shared<HttpRequest>();
    if (!split_target({raw.target().data(), raw.target().size()}, *request)) return nullptr;
    request->method = std::string(raw.method_string());
    for (const auto& field : raw)
        request->headers.insert_or_assign(lower(std::string_view(field.name_string())),
                                          std::string(field.value()));
    request->body = std::move(raw.body());
    request->address = client_of(*request, peer, trusted_proxies);
    return request;
}

std::optional<HttpResponse> refusal(beast::error_code error, std::size_t max_body_bytes) {
    if (error == http::error::body_limit)
        return problem(413, fmt::format("the body has more than {} bytes", max_body_bytes),
                       "Send fewer events at once.");
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return problem(431, fmt::format("the headers have more than {} bytes", max_header_bytes));
    if (error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
        return problem(400, fmt::format("this is not an HTTP/1.1 request: {}", error.message()));
    return std::nullopt;
}

Dispatch find_route(const HttpRequest& request, const std::vector<Route>& routes) {
    const Handle* handle = nullptr;
    std::string allowed;
    const std::string_view path = route_for(request.path, routes);
    for (const Route& route : routes) {
        if (route.path != path) continue;
        if (route.method == request.method || (route.method == "GET" && request.method == "HEAD"))
            handle = &route.handle;
        allowed += (allowed.empty() ? "" : ", ") + route.method;
    }
    if (handle != nullptr) return {.handle = handle, .refused = {}};
    // The route of the pages matches every path. A request with another method has a path that does not
    // exist.
    if (allowed.empty() || path == "/*") return {.refused = problem(404, "there is nothing at this path")};
    HttpResponse refused = problem(405, fmt::format("this path supports the methods {}", allowed));
    refused.headers.emplace_back("Allow", allowed);
    return {.refused = std::move(refused)};
}

RawResponse to_raw(HttpResponse&& answer, bool keep_alive) {
    RawResponse response(static_cast<http::status>(answer.status), 11);
    response.set(http::field::server, "millrace");
    response.set(http::field::content_type, answer.content_type);
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    response.keep_alive(keep_alive);
    response.body() = std::move(answer.body);
    if (answer.status != 204) response.prepare_payload();
    return response;
}

}  // namespace millrace::serve
