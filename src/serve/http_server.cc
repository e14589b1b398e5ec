#include "serve/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/open_files.h"

namespace millrace::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr std::uint32_t max_header_bytes = 16U << 10U;
// Number of files that connections leave to the rest of the process.
constexpr std::size_t reserved_files = 512;
constexpr std::size_t min_connections = 16;
constexpr auto linger = std::chrono::seconds(2);
constexpr auto heartbeat = std::chrono::seconds(15);
constexpr auto grace = std::chrono::seconds(2);  // time for pending responses at the end

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

/// A response that any thread may give and that a coroutine waits for.
class Answer {
  public:
    explicit Answer(const asio::any_io_executor& executor)
        : given_(executor, std::chrono::steady_clock::time_point::max()) {}

    /// Gives the response, from any thread. Only the first response counts.
    static void give(const std::shared_ptr<Answer>& answer, HttpResponse response) {
        asio::dispatch(answer->given_.get_executor(), [answer, response = std::move(response)]() mutable {
            if (answer->response_) return;
            answer->response_ = std::move(response);
            answer->given_.cancel();
        });
    }
    asio::awaitable<HttpResponse> wait() {
        while (!response_) co_await given_.async_wait(as_tuple);
        co_return std::move(*response_);
    }

  private:
    asio::steady_timer given_;
    std::optional<HttpResponse> response_;
};

void open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, beast::error_code& error) {
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    std::ranges::transform(lowered, lowered.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lowered;
}

/// Returns the client's address. If the peer is a trusted proxy, it is the last address of X-Forwarded-For.
std::string client_of(const HttpRequest& request, const std::string& peer,
                      const std::vector<std::string>& trusted_proxies) {
    if (std::ranges::find(trusted_proxies, peer) == trusted_proxies.end()) return peer;
    const std::string forwarded = forwarded_address(request.header("x-forwarded-for"));
    return forwarded.empty() ? peer : forwarded;
}

/// Returns why two servers, such as this one and a proxy before it, could read a request in two ways (RFC
/// 9112, sections 3.2 and 6.1). Returns nullopt if the request is unambiguous.
std::optional<std::string_view> ambiguity(const http::request_parser<http::string_body>& parser) {
    const auto& request = parser.get();
    if (request.version() >= 11 && request.count(http::field::host) != 1)
        return "an HTTP/1.1 request must have exactly one Host";
    if (request.count(http::field::transfer_encoding) == 0) return std::nullopt;
    if (request.version() < 11) return "HTTP/1.0 has no Transfer-Encoding";
    if (request.count(http::field::content_length) > 0)
        return "it has both a Content-Length and a Transfer-Encoding";
    if (request.count(http::field::transfer_encoding) > 1 ||
        !beast::iequals(request[http::field::transfer_encoding], "chunked"))
        return "the only supported Transfer-Encoding is chunked";
    return std::nullopt;
}

/// Lets a transfer continue while its bytes arrive in time: the next bytes within the timeout, and all bytes
/// at the minimum rate on average.
class Pace {
  public:
    Pace(beast::tcp_stream& stream, const HttpServerOptions& options) : stream_(stream), options_(options) {}

    void expect_more() {
        const auto now = std::chrono::steady_clock::now();
        const auto allowed = std::chrono::milliseconds(bytes_ * 1000 / options_.min_bytes_per_second);
        stream_.expires_at(std::min(now, start_ + allowed) + options_.transfer_timeout);
    }
    void add(std::size_t bytes) { bytes_ += bytes; }

  private:
    beast::tcp_stream& stream_;
    const HttpServerOptions& options_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::size_t bytes_ = 0;
};

/// The memory of one request's body, as a part of the limit for all bodies.
class BodyBudget {
  public:
    BodyBudget(std::size_t& used, std::size_t max) : used_(used), max_(max) {}
    BodyBudget(const BodyBudget&) = delete;
    BodyBudget& operator=(const BodyBudget&) = delete;
    ~BodyBudget() { used_ -= mine_; }

    /// Adds received bytes. Returns false if the bodies of all requests exceed the limit.
    bool add(std::size_t bytes) {
        used_ += bytes;
        mine_ += bytes;
        return used_ <= max_;
    }

  private:
    std::size_t& used_;
    const std::size_t max_;
    std::size_t mine_ = 0;
};

/// Converts a request. Returns null if its target is not a path.
std::shared_ptr<HttpRequest> converted(Request&& raw, const std::string& peer,
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

/// Returns the response to a request that cannot be read, or nullopt if it gets none.
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

/// Returns the path of the routes for a request's path: an equal one, or the longest `/*` path that matches.
/// Returns an empty view if there is none.
std::string_view route_for(std::string_view path, const std::vector<Route>& routes) {
    std::string_view best;
    for (const Route& route : routes) {
        if (route.path == path) return route.path;
        const std::string_view folder = std::string_view(route.path).substr(0, route.path.size() - 1);
        if (route.path.ends_with("/*") && path.starts_with(folder) && route.path.size() > best.size())
            best = route.path;
    }
    return best;
}

Response with_headers(HttpResponse&& answer, bool keep_alive) {
    Response response(static_cast<http::status>(answer.status), 11);
    response.set(http::field::server, "millrace");
    response.set(http::field::content_type, answer.content_type);
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    response.keep_alive(keep_alive);
    response.body() = std::move(answer.body);
    if (answer.status != 204) response.prepare_payload();
    return response;
}

}  // namespace

/// The server's thread with its connections and routes. The coroutines take only references, because gcc 12
/// destroys some arguments that are passed by value twice.
class HttpServer::Work {
  public:
    Work(const HttpServerOptions& options, std::vector<Route> routes)
        : options_(options), routes_(std::move(routes)), acceptor_(context_) {
        listen();
        asio::co_spawn(context_, accept(), asio::detached);
        thread_ = std::thread([this] { context_.run(); });
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    ~Work() { stop(); }

    void stop() {
        if (!thread_.joinable()) return;
        asio::post(context_, [this] { end(); });
        thread_.join();
    }

    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] std::int64_t connections() const { return connection_count_; }
    [[nodiscard]] std::size_t max_connections() const { return max_connections_; }

  private:
    /// A connection. It lives as long as its coroutine runs.
    struct Connection {
        beast::tcp_stream stream;
        std::string address;
        bool busy = true;  // whether it is handling a request or a feed
        std::chrono::steady_clock::time_point idle_since;
        std::shared_ptr<asio::steady_timer> waiting;  // timer that waits for the next state of a feed

        explicit Connection(tcp::socket socket) : stream(std::move(socket)) {
            beast::error_code unknown;
            address = stream.socket().remote_endpoint(unknown).address().to_string();
        }
        void rest() {
            busy = false;
            idle_since = std::chrono::steady_clock::now();
        }
    };

    void listen() {
        const std::string doing = fmt::format("listening on {}:{}", options_.address, options_.port);
        beast::error_code error;
        const auto address = asio::ip::make_address(options_.address, error);
        if (error)
            throw usage_error(doing, "it is not an IP address",
                              "Give an address of this machine, such as 127.0.0.1.");
        const tcp::endpoint endpoint(address, options_.port);
        open(acceptor_, endpoint, error);
        if (error)
            throw usage_error(doing, error.message(),
                              "Choose another port with --port, or end the program that uses this one.");
        max_connections_ = std::min(options_.max_connections, connections_for(base::max_open_files()));
        url_ = fmt::format("http://{}{}{}:{}", address.is_v6() ? "[" : "", options_.address,
                           address.is_v6() ? "]" : "", acceptor_.local_endpoint().port());
    }

    asio::awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(as_tuple);
            if (ending_) co_return;
            if (error) {  // such as too many open files, which may pass
                asio::steady_timer pause(context_, std::chrono::milliseconds(50));
                co_await pause.async_wait(as_tuple);
                continue;
            }
            auto connection = std::make_shared<Connection>(std::move(socket));
            if (!admit(*connection)) continue;  // destroying the connection closes it
            connection->stream.socket().set_option(tcp::no_delay(true), error);
            connections_.insert(connection);
            connection_count_ = static_cast<std::int64_t>(connections_.size());
            asio::co_spawn(context_, serve(*connection), [this, connection](const std::exception_ptr& fault) {
                leave(connection);
                if (fault) spdlog::debug("http: a connection ended in an exception");
            });
        }
    }

    /// Returns whether there is room for one more connection. Closes an idle connection to make room.
    bool admit(const Connection& connection) {
        const bool is_proxy =
            std::ranges::find(options_.trusted_proxies, connection.address) != options_.trusted_proxies.end();
        const auto found = per_address_.find(connection.address);
        const std::size_t of_address = found == per_address_.end() ? 0 : found->second;
        if (!is_proxy && of_address >= options_.max_connections_per_address &&
            !evict_idle(connection.address)) {
            ++counts_.per_address;
            return false;
        }
        if (connections_.size() >= max_connections_ && !evict_idle({})) {
            ++counts_.connections;
            return false;
        }
        ++per_address_[connection.address];
        return true;
    }

    /// Closes the connection that has been idle for the longest time. Considers only connections of
    /// `address`, unless it is empty. Returns false if no connection is idle.
    bool evict_idle(std::string_view address) {
        std::shared_ptr<Connection> longest;
        for (const auto& each : connections_) {
            if (each->busy || (!address.empty() && each->address != address)) continue;
            if (!longest || each->idle_since < longest->idle_since) longest = each;
        }
        if (!longest) return false;
        ++counts_.evicted;
        longest->busy = true;  // busy with ending, so that it is not chosen again
        beast::error_code ignored;
        longest->stream.socket().close(ignored);
        return true;
    }

    void leave(const std::shared_ptr<Connection>& connection) {
        connections_.erase(connection);
        connection_count_ = static_cast<std::int64_t>(connections_.size());
        const auto found = per_address_.find(connection->address);
        if (--found->second == 0) per_address_.erase(found);
        if (ending_ && connections_.empty()) context_.stop();
    }

    asio::awaitable<void> serve(Connection& connection) {
        beast::tcp_stream& stream = connection.stream;
        beast::flat_buffer buffer(max_header_bytes + (std::size_t{64} << 10U));
        for (bool keep_alive = true; keep_alive && !ending_;) {
            connection.rest();
            http::request_parser<http::string_body> parser;
            parser.header_limit(max_header_bytes);
            parser.body_limit(options_.max_body_bytes);
            BodyBudget budget(bodies_bytes_, options_.max_bodies_bytes);
            std::optional<HttpResponse> refused;
            const auto failed = co_await read(connection, buffer, parser, budget, refused);
            if (failed == beast::error::timeout && connection.busy) ++counts_.too_slow;
            if (failed && !refused) refused = refusal(failed, options_.max_body_bytes);
            if (refused) {
                count(refused->status);
                co_await write(stream, *refused, false);
                co_await drain(stream, buffer);
            }
            if (failed || refused) break;
            keep_alive = parser.keep_alive() && !ending_;
            const bool head = parser.get().method() == http::verb::head;
            auto request = converted(parser.release(), connection.address, options_.trusted_proxies);
            HttpResponse answer = problem(400, "the request's target is not a path");
            if (request) answer = co_await answer_to(request);
            keep_alive &= !ending_;
            if (answer.feed && !head) {
                co_await stream_feed(connection, answer);
                break;
            }
            if (!co_await write(stream, answer, keep_alive, head)) break;
        }
        beast::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    /// Sends the states of a feed as they are published, until the client leaves or may_go_on() returns
    /// false.
    asio::awaitable<void> stream_feed(Connection& connection, const HttpResponse& answer) {
        Feed& feed = *answer.feed;
        beast::tcp_stream& stream = connection.stream;
        connection.waiting = std::make_shared<asio::steady_timer>(context_);
        const auto ticket = feed.watch([timer = connection.waiting] {
            asio::post(timer->get_executor(), [timer] { timer->cancel(); });
        });
        static constexpr std::string_view begin =
            "HTTP/1.1 200 OK\r\nServer: millrace\r\nContent-Type: text/event-stream\r\nCache-Control: "
            "no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: "
            "1000\n\n";
        static constexpr std::string_view alive = ":\n\n";
        std::int64_t sent = 0;
        bool open = co_await write_text(stream, begin);
        while (open && !ending_ && (!answer.may_go_on || answer.may_go_on())) {
            const Feed::Message message = feed.newest();
            if (message.number != sent) {
                sent = message.number;
                open = co_await write_text(stream, *message.text);
                continue;
            }
            connection.waiting->expires_after(heartbeat);
            auto [changed] = co_await connection.waiting->async_wait(as_tuple);
            if (!changed) open = co_await write_text(stream, alive);
        }
    }

    asio::awaitable<bool> write_text(beast::tcp_stream& stream, std::string_view text) {
        stream.expires_after(options_.transfer_timeout);
        auto [error, bytes] = co_await asio::async_write(stream, asio::buffer(text), as_tuple);
        co_return !error;
    }

    /// Ends the responses and keeps reading for a moment. Otherwise, closing the connection would cause a
    /// reset, and a client that is still sending would lose the last response.
    asio::awaitable<void> drain(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
        beast::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        stream.expires_after(linger);
        for (;;) {
            buffer.clear();
            auto [error, bytes] =
                co_await stream.async_read_some(buffer.prepare(std::size_t{64} << 10U), as_tuple);
            if (error) co_return;
        }
    }

    /// Reads a request. Sets `refused` if the request is valid so far but is not accepted.
    asio::awaitable<beast::error_code> read(Connection& connection, beast::flat_buffer& buffer,
                                            http::request_parser<http::string_body>& parser,
                                            BodyBudget& budget, std::optional<HttpResponse>& refused) {
        beast::tcp_stream& stream = connection.stream;
        if (buffer.size() == 0) {  // the client may wait before it sends the first byte
            stream.expires_after(options_.idle_timeout);
            auto [error, bytes] =
                co_await stream.async_read_some(buffer.prepare(std::size_t{16} << 10U), as_tuple);
            if (error) co_return error;
            buffer.commit(bytes);
        }
        connection.busy = true;
        stream.expires_after(options_.transfer_timeout);
        auto [error, bytes] = co_await http::async_read_header(stream, buffer, parser, as_tuple);
        if (error) co_return error;
        if (const auto why = ambiguity(parser)) {
            refused = problem(400, fmt::format("the request could be read in two ways: {}", *why));
            co_return beast::error_code();
        }
        if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
            http::response<http::empty_body> continue_response(http::status::continue_, 11);
            auto [failed, sent] = co_await http::async_write(stream, continue_response, as_tuple);
            if (failed) co_return failed;
        }
        co_return co_await read_body(stream, buffer, parser, budget, refused);
    }

    asio::awaitable<beast::error_code> read_body(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                                 http::request_parser<http::string_body>& parser,
                                                 BodyBudget& budget, std::optional<HttpResponse>& refused) {
        Pace pace(stream, options_);
        while (!parser.is_done()) {
            pace.expect_more();
            auto [error, bytes] = co_await http::async_read_some(stream, buffer, parser, as_tuple);
            if (error) co_return error;
            pace.add(bytes);
            if (budget.add(bytes)) continue;
            refused = problem(503, "the bodies of all requests take too much memory together",
                              "Send it again a little later.");
            refused->headers.emplace_back("Retry-After", "1");
            break;
        }
        co_return beast::error_code();
    }

    void count(unsigned refused_with) {
        if (refused_with == 400) {
            ++counts_.malformed;
        } else if (refused_with == 503) {
            ++counts_.busy;
        } else {
            ++counts_.too_large;
        }
    }

    asio::awaitable<HttpResponse> answer_to(const std::shared_ptr<HttpRequest>& request) {
        const Handle* handle = nullptr;
        std::string allowed;
        const std::string_view path = route_for(request->path, routes_);
        for (const Route& route : routes_) {
            if (route.path != path) continue;
            if (route.method == request->method || (route.method == "GET" && request->method == "HEAD"))
                handle = &route.handle;
            allowed += (allowed.empty() ? "" : ", ") + route.method;
        }
        if (handle == nullptr && allowed.empty()) co_return problem(404, "there is nothing at this path");
        if (handle == nullptr) {
            HttpResponse answer = problem(405, fmt::format("this path supports the methods {}", allowed));
            answer.headers.emplace_back("Allow", allowed);
            co_return answer;
        }
        const auto answer = std::make_shared<Answer>(context_.get_executor());
        try {
            (*handle)(request,
                      [answer](HttpResponse response) { Answer::give(answer, std::move(response)); });
        } catch (const std::exception& error) {
            spdlog::error("answering {} {}: {}", request->method, request->path, error.what());
            co_return problem(500, "the server failed to handle the request",
                              "The server's log has the reason.");
        }
        co_return co_await answer->wait();
    }

    asio::awaitable<bool> write(beast::tcp_stream& stream, HttpResponse& answer, bool keep_alive,
                                bool head = false) {
        Response response = with_headers(std::move(answer), keep_alive);
        if (head) response.body().clear();  // the header still has the length of the body
        http::response_serializer<http::string_body> serializer(response);
        Pace pace(stream, options_);
        while (!serializer.is_done()) {
            pace.expect_more();
            auto [error, bytes] = co_await http::async_write_some(stream, serializer, as_tuple);
            if (error) co_return false;
            pace.add(bytes);
        }
        co_return true;
    }

    static std::size_t connections_for(std::size_t open_files) {
        return std::max(min_connections, open_files - std::min(open_files, reserved_files));
    }

    void end() {
        ending_ = true;
        beast::error_code ignored;
        acceptor_.close(ignored);
        for (const auto& connection : connections_) {
            if (!connection->busy || connection->waiting) connection->stream.cancel();
            if (connection->waiting) connection->waiting->cancel();
        }
        if (connections_.empty()) return context_.stop();
        grace_.emplace(context_, grace);
        grace_->async_wait([this](const beast::error_code&) { context_.stop(); });
    }

    const HttpServerOptions options_;
    const std::vector<Route> routes_;
    asio::io_context context_{1};
    tcp::acceptor acceptor_;
    std::string url_;
    std::size_t max_connections_ = 0;
    std::atomic<std::int64_t> connection_count_ = 0;
    // Only the server's thread uses the members below.
    Counts counts_;
    std::set<std::shared_ptr<Connection>> connections_;
    std::map<std::string, std::size_t> per_address_;
    std::size_t bodies_bytes_ = 0;
    std::optional<asio::steady_timer> grace_;
    bool ending_ = false;
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
    : work_(std::make_unique<Work>(options, std::move(routes))) {}

HttpServer::~HttpServer() = default;

void HttpServer::stop() {
    work_->stop();
}

const std::string& HttpServer::url() const {
    return work_->url();
}
const HttpServer::Counts& HttpServer::counts() const {
    return work_->counts();
}
std::int64_t HttpServer::connections() const {
    return work_->connections();
}
std::size_t HttpServer::max_connections() const {
    return work_->max_connections();
}

}  // namespace millrace::serve
