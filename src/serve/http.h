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

/// A request, whole.
struct HttpRequest {
    std::string method;
    std::string path;                                         ///< decoded, without the query
    std::map<std::string, std::string, std::less<>> query;    ///< decoded; of a repeated name the last
    std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
    std::string body;
    std::string address;  ///< of the client

    /// A header's value, or empty.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string_view() : std::string_view(found->second);
    }
    /// A parameter of the query, or empty.
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
    std::shared_ptr<Feed> feed{};       ///< that the body is, for as long as the client listens
    std::function<bool()> may_go_on{};  ///< asked before each state of the feed; false ends it
};

/// An answer `{"error": …, "next": …}`.
HttpResponse problem(unsigned status, std::string_view error, std::string_view next = {});

/// What a request shows in its Authorization header: a Bearer's text, or `NAME:SECRET` of Basic ones. Empty
/// when there is none, or it is broken.
std::string credentials(const HttpRequest& request);

/// Gives the answer; once, from any thread.
using Respond = std::function<void(HttpResponse)>;
/// Takes a request, on the server's thread, and answers at once or later.
using Handle = std::function<void(const std::shared_ptr<HttpRequest>&, Respond)>;

/// Which method of which path is answered by what. A path that ends in `/*` stands for all below it, where no
/// other route has them.
struct Route {
    std::string method;
    std::string path;
    Handle handle;
};

/// The client that the last proxy tells of: the last address of an X-Forwarded-For header, which may have a
/// port
/// (`192.0.2.1:1234`, `[2001:db8::1]:443`). Empty when it is no address.
std::string forwarded_address(std::string_view header);

/// The path and query of a request's target, decoded. False when it is no path, or an escape is broken.
bool split_target(std::string_view target, HttpRequest& request);

}  // namespace millrace::serve
