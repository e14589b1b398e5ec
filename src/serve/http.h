#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/feed.h"

namespace millrace::serve {

/// A complete request.
struct HttpRequest {
    std::string method;
    std::string path;                                         ///< decoded, without the query
    std::map<std::string, std::string, std::less<>> query;    ///< decoded; a repeated name has its last value
    std::string query_text;                                   ///< the query as it was sent, without `?`
    std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
    std::string body;
    std::string address;  ///< the client's IP address

    /// Returns a header's value, or an empty view.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string_view() : std::string_view(found->second);
    }
    /// Returns a parameter of the query, or an empty view.
    [[nodiscard]] std::string_view parameter(std::string_view name) const {
        const auto found = query.find(name);
        return found == query.end() ? std::string_view() : std::string_view(found->second);
    }
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};
    /// The feed that is sent as the body, for as long as the client listens.
    std::shared_ptr<Feed> feed{};
    std::function<bool()> may_go_on{};  ///< called before each state of the feed is sent; false ends the feed
};

/// Returns an error response in the form of RFC 9457: `title`, `status`, `detail` (what is wrong) and
/// `remedy` (what to do). Version 0.2 also sends `error` and `next`, the names that `detail` and `remedy` had
/// in 0.1.
HttpResponse problem(unsigned status, std::string_view detail, std::string_view remedy = {});

/// Returns the credentials of a request's Authorization header: the text after Bearer, or the `NAME:SECRET`
/// of Basic; both words in any case. Returns an empty string if there is no such header or it is malformed.
std::string credentials(const HttpRequest& request);
/// Returns whether a request's Authorization header has Basic credentials.
bool has_basic_credentials(const HttpRequest& request);

/// Gives the response. Must be called once, from any thread.
using Respond = std::function<void(HttpResponse)>;
/// Handles a request on the server's thread, and responds at once or later.
using Handle = std::function<void(const std::shared_ptr<HttpRequest>&, Respond)>;

/// The handler for a method and a path. A path that ends in `/*` matches all paths below it that no other
/// route matches.
struct Route {
    std::string method;
    std::string path;
    Handle handle;
};

/// Returns the client that the last proxy reports: the last address of an X-Forwarded-For header, without its
/// port (as in `192.0.2.1:1234` or `[2001:db8::1]:443`). Returns an empty string if it is not an IP address.
std::string forwarded_address(std::string_view header);

/// Decodes the path and the query of a request's target. Returns false if it is not a path, or if an escape
/// is malformed.
bool split_target(std::string_view target, HttpRequest& request);

}  // namespace millrace::serve
