#include "serve/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/open_files.h"
#include "serve/connection_table.h"
#include "serve/http_session.h"

namespace millrace::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t files_of_the_pipeline = 512;  // that connections leave to the rest of the process
constexpr std::size_t min_connections = 16;
constexpr auto grace = std::chrono::seconds(2);  // at the end, for responses that are under way

void open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, beast::error_code& error) {
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
}

std::size_t max_connections_of(const HttpServerOptions& options) {
    const std::size_t open_files = base::max_open_files();
    const std::size_t left = open_files - std::min(open_files, files_of_the_pipeline);
    return std::min(options.max_connections, std::max(min_connections, left));
}

}  // namespace

/// The server's thread: accepts connections, and runs a session for each.
class HttpServer::Listener {
  public:
    Listener(const HttpServerOptions& options, std::vector<Route> routes)
        : context_{.options = options, .routes = std::move(routes), .counts = {}},
          acceptor_(io_),
          connections_({.connections = max_connections_of(options),
                        .per_address = options.max_connections_per_address,
                        .unlimited_addresses = options.trusted_proxies}) {
        listen();
        asio::co_spawn(io_, accept(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { stop(); }

    void stop() {
        if (!thread_.joinable()) return;
        asio::post(io_, [this] { end(); });
        thread_.join();
    }

    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const Counts& counts() const { return context_.counts; }
    [[nodiscard]] const ConnectionTable& connections() const { return connections_; }

  private:
    void listen() {
        const HttpServerOptions& options = context_.options;
        const std::string doing = fmt::format("listening on {}:{}", options.address, options.port);
        beast::error_code error;
        const auto address = asio::ip::make_address(options.address, error);
        if (error)
            throw usage_error(doing, "it is not an IP address",
                              "Give one of this machine, such as 127.0.0.1.");
        open(acceptor_, {address, options.port}, error);
        if (error)
            throw usage_error(doing, error.message(),
                              "Choose another port with --port, or end what has this one.");
        url_ = fmt::format("http://{}{}{}:{}", address.is_v6() ? "[" : "", options.address,
                           address.is_v6() ? "]" : "", acceptor_.local_endpoint().port());
    }

    asio::awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
            if (context_.ending) co_return;
            if (error) {  // such as too many open files: later there may be fewer
                asio::steady_timer pause(io_, std::chrono::milliseconds(50));
                co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
                continue;
            }
            start_session(std::make_shared<HttpSession>(std::move(socket), context_));
        }
    }

    /// Starts a session where there is room for it; otherwise its connection closes with the object.
    void start_session(const std::shared_ptr<HttpSession>& session) {
        const auto admission = connections_.admit(session);
        context_.counts.evicted = connections_.evicted();
        switch (admission) {
            case ConnectionTable::Admission::too_many:
                ++context_.counts.connections;
                return;
            case ConnectionTable::Admission::too_many_of_address:
                ++context_.counts.per_address;
                return;
            case ConnectionTable::Admission::admitted:
                break;
        }
        asio::co_spawn(io_, session->run(), [this, session](const std::exception_ptr& fault) {
            connections_.remove(session);
            if (context_.ending && connections_.is_empty()) io_.stop();
            if (fault) spdlog::debug("http: a connection ended in an exception");
        });
    }

    void end() {
        context_.ending = true;
        beast::error_code ignored;
        acceptor_.close(ignored);
        connections_.end_all();
        if (connections_.is_empty()) return io_.stop();
        grace_.emplace(io_, grace);
        grace_->async_wait([this](const beast::error_code&) { io_.stop(); });
    }

    HttpSessionContext context_;  // for the thread, but for its counts; outlives the coroutines in io_
    asio::io_context io_{1};
    tcp::acceptor acceptor_;
    std::string url_;
    ConnectionTable connections_;              // for the thread, but for its size; its sockets need io_
    std::optional<asio::steady_timer> grace_;  // for the thread
    std::thread thread_;
};

bool is_free(const std::string& address, unsigned short port) {
    asio::io_context context;
    tcp::acceptor acceptor(context);
    beast::error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    if (!error) open(acceptor, endpoint, error);
    return !error;
}

HttpServer::HttpServer(const HttpServerOptions& options, std::vector<Route> routes)
    : listener_(std::make_unique<Listener>(options, std::move(routes))) {}

HttpServer::~HttpServer() = default;

void HttpServer::stop() {
    listener_->stop();
}

const std::string& HttpServer::url() const {
    return listener_->url();
}
const HttpServer::Counts& HttpServer::counts() const {
    return listener_->counts();
}
std::int64_t HttpServer::connections() const {
    return listener_->connections().size();
}
std::size_t HttpServer::max_connections() const {
    return listener_->connections().max_size();
}

}  // namespace millrace::serve
