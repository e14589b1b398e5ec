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
    unsigned short port = 8090;  ///< 0: any that is free
    std::size_t max_body_bytes = std::size_t{8} << 20U;
    std::size_t max_bodies_bytes = std::size_t{256} << 20U;  ///< of all requests together
    /// There are fewer where the process may not open so many files (RLIMIT_NOFILE): the pipeline's own files
    /// come first.
    std::size_t max_connections = 2000;
    std::size_t max_connections_per_address = 500;  ///< trusted proxies may have all connections
    std::vector<std::string> trusted_proxies{};     ///< addresses of proxies that state the client's address
    /// The longest wait for a request's headers, and for the next bytes of a body or a response.
    std::chrono::seconds patience{10};
    /// The slowest average rate of a body or a response, once the patience has passed.
    std::size_t min_bytes_per_second = 1024;
    std::chrono::seconds idle{75};  ///< the longest pause between two requests of a connection
};

/// An HTTP/1.1 server for a fixed set of routes, with one thread. It answers slow, broken and too large
/// requests with an error, or closes their connections; none of them holds up others. Where there are too
/// many connections, a new one takes the place of the one that has been idle for the longest time.
class HttpServer {
  public:
    /// Requests and connections that were not served, since the start.
    struct Counts {
        std::atomic<std::int64_t> too_large = 0;    ///< body or headers
        std::atomic<std::int64_t> malformed = 0;    ///< not HTTP/1.1
        std::atomic<std::int64_t> too_slow = 0;     ///< closed within a request
        std::atomic<std::int64_t> busy = 0;         ///< all bodies together took too much memory
        std::atomic<std::int64_t> connections = 0;  ///< closed at once: there were too many connections
        std::atomic<std::int64_t> per_address = 0;  ///< closed at once: the address had too many connections
        std::atomic<std::int64_t> evicted = 0;      ///< idle connections that were closed for new ones
    };

    /// Listens, and serves requests from now on. Throws a usage Error when it cannot listen on the address.
    HttpServer(const HttpServerOptions& options, std::vector<Route> routes);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Accepts no new requests, and waits a moment for the responses to those that it has. Then no handler
    /// runs any more; responses that are given later, until the object's end, are dropped.
    void stop();

    [[nodiscard]] const Counts& counts() const;
    /// How many connections there are, and how many there may be.
    [[nodiscard]] std::int64_t connections() const;
    [[nodiscard]] std::size_t max_connections() const;

    /// `http://address:port`.
    [[nodiscard]] const std::string& url() const;

  private:
    class Listener;

    std::unique_ptr<Listener> listener_;
};

/// Whether no process listens on this address and port now.
bool is_free(const std::string& address, unsigned short port);

}  // namespace millrace::serve
