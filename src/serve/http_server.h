#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serve/http.h"

namespace millrace::serve {

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    unsigned short port = 8090;  ///< 0 means any free port
    std::size_t max_body_bytes = std::size_t{8} << 20U;
    /// Limit for the bodies of all requests together.
    std::size_t max_bodies_bytes = std::size_t{256} << 20U;
    /// The limit is lower if the process may not open so many files (RLIMIT_NOFILE), because the pipeline's
    /// files come first.
    std::size_t max_connections = 2000;
    std::size_t max_connections_per_address = 500;  ///< trusted proxies have no limit of their own
    /// Addresses of proxies whose X-Forwarded-For header is trusted.
    std::vector<std::string> trusted_proxies{};
    /// Timeout for a request's headers, and for the next bytes of a body or a response.
    std::chrono::seconds transfer_timeout{10};
    /// Minimum average rate of a body or a response. It applies after the timeout above.
    std::size_t min_bytes_per_second = 1024;
    std::chrono::seconds idle_timeout{75};  ///< timeout between two requests of a connection
};

/// An HTTP/1.1 server for a fixed set of routes, with one thread. Slow, malformed and too large requests get
/// an error or are cut off, and none of them delays others. If there are too many connections, a new one
/// replaces the one that has been idle for the longest time.
class HttpServer {
  public:
    /// Numbers of requests and connections that were refused, since the start.
    struct Counts {
        std::atomic<std::int64_t> too_large = 0;  ///< body or headers too large
        std::atomic<std::int64_t> malformed = 0;  ///< not valid HTTP/1.1
        std::atomic<std::int64_t> too_slow = 0;   ///< cut off within a request
        std::atomic<std::int64_t> busy = 0;       ///< bodies of all requests took too much memory together
        /// Connections closed at once because there were too many.
        std::atomic<std::int64_t> connections = 0;
        /// Connections closed at once because one address had too many.
        std::atomic<std::int64_t> per_address = 0;
        std::atomic<std::int64_t> evicted = 0;  ///< idle connections closed to make room
    };

    /// Listens and starts to handle requests. Throws a usage Error if it cannot listen on the address.
    HttpServer(const HttpServerOptions& options, std::vector<Route> routes);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Stops accepting requests, and waits a moment for the responses to pending requests. Afterwards no
    /// handler runs any more, and responses that are given later are dropped.
    void stop();

    [[nodiscard]] const Counts& counts() const;
    /// Return the current and the maximum number of connections.
    [[nodiscard]] std::int64_t connections() const;
    [[nodiscard]] std::size_t max_connections() const;

    /// Returns `http://address:port`.
    [[nodiscard]] const std::string& url() const;

  private:
    class Listener;

    std::unique_ptr<Listener> listener_;
};

/// Returns whether the port is free, which means that a server can listen on it now.
bool is_free(const std::string& address, unsigned short port);

}  // namespace millrace::serve
