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
    std::size_t most_body_bytes = std::size_t{8} << 20U;
    std::size_t most_connections = 2000;
    std::vector<std::string> trusted_proxies{};  ///< addresses whose word on the client's is taken
    std::chrono::seconds patience{10};           ///< for a request's bytes, and for an answer to be taken
    std::chrono::seconds idle{75};               ///< between requests
};

/// An HTTP/1.1 server for a fixed set of routes, with one thread. Slow, broken and too large requests are
/// answered with an error or cut off; none of them holds up others.
class HttpServer {
  public:
    /// What never became a request, since the start.
    struct Counts {
        std::atomic<std::int64_t> too_large = 0;    ///< body or headers
        std::atomic<std::int64_t> malformed = 0;    ///< no HTTP/1.1
        std::atomic<std::int64_t> too_slow = 0;     ///< cut off within a request
        std::atomic<std::int64_t> connections = 0;  ///< closed at once: there were too many
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

    /// `http://address:port`.
    [[nodiscard]] const std::string& url() const;

  private:
    class Work;

    std::unique_ptr<Work> work_;
};

/// Whether nobody listens there now.
bool is_free(const std::string& address, unsigned short port);

}  // namespace millrace::serve
