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
    /// Fewer where the process may not open so many files (RLIMIT_NOFILE): the pipeline's own come first.
    std::size_t max_connections = 2000;
    std::size_t max_connections_per_address = 500;  ///< trusted proxies may have all
    std::vector<std::string> trusted_proxies{};     ///< addresses whose word on the client's is taken
    std::chrono::seconds patience{
        10};  ///< for a request's headers, and for the next bytes of a body or an answer
    std::size_t min_bytes_per_second = 1024;  ///< of a body or an answer, on average after the patience
    std::chrono::seconds idle{75};            ///< between requests
};

/// An HTTP/1.1 server for a fixed set of routes, with one thread. Slow, broken and too large requests are
/// answered with an error or cut off; none of them holds up others. Where there are too many connections, a
/// new one takes the place of the one that has been idle for the longest time.
class HttpServer {
  public:
    /// What never became a request, since the start.
    struct Counts {
        std::atomic<std::int64_t> too_large = 0;    ///< body or headers
        std::atomic<std::int64_t> malformed = 0;    ///< no HTTP/1.1
        std::atomic<std::int64_t> too_slow = 0;     ///< cut off within a request
        std::atomic<std::int64_t> busy = 0;         ///< the bodies took too much memory together
        std::atomic<std::int64_t> connections = 0;  ///< closed at once: there were too many
        std::atomic<std::int64_t> per_address = 0;  ///< likewise, of one address
        std::atomic<std::int64_t> evicted = 0;      ///< idle ones closed for new ones
    };

    /// Listens, and answers from now on. Throws a usage Error when the address can't be listened on.
    HttpServer(const HttpServerOptions& options, std::vector<Route> routes);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Takes no new requests, and waits a moment for the answers to those that it has. Then no handler runs
    /// any more; answers that are given later, until the object's end, go nowhere.
    void stop();

    [[nodiscard]] const Counts& counts() const;
    /// How many connections there are, and may be.
    [[nodiscard]] std::int64_t connections() const;
    [[nodiscard]] std::size_t max_connections() const;

    /// `http://address:port`.
    [[nodiscard]] const std::string& url() const;

  private:
    class Work;

    std::unique_ptr<Work> work_;
};

/// Whether nobody listens there now.
bool is_free(const std::string& address, unsigned short port);

}  // namespace millrace::serve
