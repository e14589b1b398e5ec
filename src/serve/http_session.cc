#include "serve/http_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>

#include "base/log.h"

namespace millrace::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr auto linger = std::chrono::seconds(2);
constexpr auto heartbeat = std::chrono::seconds(15);
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

std::string address_of(const tcp::socket& socket) {
    beast::error_code unknown;
    return socket.remote_endpoint(unknown).address().to_string();
}

void count_refusal(unsigned status, HttpServer::Counts& counts) {
    if (status == 400) {
        ++counts.malformed;
    } else if (status == 503) {
        ++counts.busy;
    } else {
        ++counts.too_large;
    }
}

}  // namespace

/// A response that another thread may give, and that a coroutine waits for.
class HttpSession::PendingResponse {
  public:
    explicit PendingResponse(const asio::any_io_executor& executor)
        : given_(executor, std::chrono::steady_clock::time_point::max()) {}

    /// From any thread. All but the first response are ignored.
    static void give(const std::shared_ptr<PendingResponse>& pending, HttpResponse response) {
        asio::dispatch(pending->given_.get_executor(), [pending, response = std::move(response)]() mutable {
            if (pending->response_) return;
            pending->response_ = std::move(response);
            pending->given_.cancel();
        });
    }
    asio::awaitable<HttpResponse> wait() {
        while (!response_) co_await given_.async_wait(use_tuple);
        co_return std::move(*response_);
    }

  private:
    asio::steady_timer given_;
    std::optional<HttpResponse> response_;
};

/// Sets the deadlines of a transfer: its bytes must come within the transfer timeout, and on average not
/// slower than the minimum rate.
class HttpSession::Pace {
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

/// The memory that one request's body takes of the memory for all bodies.
class HttpSession::BodyBudget {
  public:
    BodyBudget(std::size_t& used, std::size_t max) : used_(used), max_(max) {}
    BodyBudget(const BodyBudget&) = delete;
    BodyBudget& operator=(const BodyBudget&) = delete;
    ~BodyBudget() { used_ -= mine_; }

    /// Returns false when all bodies together take too much.
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

HttpSession::HttpSession(tcp::socket socket, HttpSessionContext& context)
    : Connection(address_of(socket)),
      context_(context),
      stream_(std::move(socket)),
      buffer_(max_header_bytes + (std::size_t{64} << 10U)) {
    beast::error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
}

void HttpSession::close() {
    beast::error_code ignored;
    stream_.socket().close(ignored);
}

void HttpSession::end() {
    if (!is_busy() || feed_timer_) stream_.cancel();
    if (feed_timer_) feed_timer_->cancel();
}

asio::awaitable<void> HttpSession::run() {
    for (bool keep_alive = true; keep_alive && !context_.ending;) {
        note_idle();
        RequestParser parser;
        parser.header_limit(max_header_bytes);
        parser.body_limit(context_.options.max_body_bytes);
        BodyBudget budget(context_.bodies_bytes, context_.options.max_bodies_bytes);
        std::optional<HttpResponse> refused;
        const auto failed = co_await read(parser, budget, refused);
        if (failed == beast::error::timeout && is_busy()) ++context_.counts.too_slow;
        if (failed && !refused) refused = refusal(failed, context_.options.max_body_bytes);
        if (refused) co_await refuse(*refused);
        if (failed || refused) break;
        keep_alive = parser.keep_alive() && !context_.ending;
        const bool head = parser.get().method() == http::verb::head;
        auto request = to_request(parser.release(), address(), context_.options.trusted_proxies);
        HttpResponse response = problem(400, "the request's target is not a path");
        if (request) response = co_await handle(request);
        keep_alive &= !context_.ending;
        if (response.feed && !head) {
            co_await write_feed(response);
            break;
        }
        if (!co_await write(response, keep_alive, head)) break;
    }
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

/// Reads a request. Sets `refused` when the request is sound as far as it was read, but is not accepted.
asio::awaitable<beast::error_code> HttpSession::read(RequestParser& parser, BodyBudget& budget,
                                                     std::optional<HttpResponse>& refused) {
    if (buffer_.size() == 0) {  // a client may be idle before a request, but not within one
        stream_.expires_after(context_.options.idle_timeout);
        auto [error, bytes] =
            co_await stream_.async_read_some(buffer_.prepare(std::size_t{16} << 10U), use_tuple);
        if (error) co_return error;
        buffer_.commit(bytes);
    }
    note_busy();
    stream_.expires_after(context_.options.transfer_timeout);
    auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, parser, use_tuple);
    if (error) co_return error;
    if (const auto why = ambiguity(parser.get())) {
        refused = problem(400, fmt::format("the request could be read in two ways: {}", *why));
        co_return beast::error_code();
    }
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        http::response<http::empty_body> go_on(http::status::continue_, 11);
        auto [failed, sent] = co_await http::async_write(stream_, go_on, use_tuple);
        if (failed) co_return failed;
    }
    co_return co_await read_body(parser, budget, refused);
}

asio::awaitable<beast::error_code> HttpSession::read_body(RequestParser& parser, BodyBudget& budget,
                                                          std::optional<HttpResponse>& refused) {
    Pace pace(stream_, context_.options);
    while (!parser.is_done()) {
        pace.expect_more();
        auto [error, bytes] = co_await http::async_read_some(stream_, buffer_, parser, use_tuple);
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

asio::awaitable<void> HttpSession::refuse(HttpResponse& refused) {
    count_refusal(refused.status, context_.counts);
    co_await write(refused, false, false);
    co_await drain();
}

asio::awaitable<HttpResponse> HttpSession::handle(const std::shared_ptr<HttpRequest>& request) {
    Dispatch found = find_route(*request, context_.routes);
    if (found.refused) co_return std::move(*found.refused);
    const auto pending = std::make_shared<PendingResponse>(stream_.get_executor());
    try {
        (*found.handle)(request, [pending](HttpResponse response) {
            PendingResponse::give(pending, std::move(response));
        });
    } catch (const std::exception& error) {
        spdlog::error("answering {} {}: {}", request->method, request->path, error.what());
        co_return problem(500, "the server failed to handle the request", "Its log says why.");
    }
    co_return co_await pending->wait();
}

asio::awaitable<bool> HttpSession::write(HttpResponse& response, bool keep_alive, bool head) {
    RawResponse raw = to_raw(std::move(response), keep_alive);
    if (head) raw.body().clear();  // the Content-Length stays
    http::response_serializer<http::string_body> serializer(raw);
    Pace pace(stream_, context_.options);
    while (!serializer.is_done()) {
        pace.expect_more();
        auto [error, bytes] = co_await http::async_write_some(stream_, serializer, use_tuple);
        if (error) co_return false;
        pace.add(bytes);
    }
    co_return true;
}

asio::awaitable<bool> HttpSession::write_text(std::string_view text) {
    stream_.expires_after(context_.options.transfer_timeout);
    auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(text), use_tuple);
    co_return !error;
}

/// Writes a feed's states as they come, until the client leaves or its permission ends.
asio::awaitable<void> HttpSession::write_feed(const HttpResponse& response) {
    Feed& feed = *response.feed;
    feed_timer_ = std::make_shared<asio::steady_timer>(stream_.get_executor());
    const auto ticket = feed.watch(
        [timer = feed_timer_] { asio::post(timer->get_executor(), [timer] { timer->cancel(); }); });
    static constexpr std::string_view begin =
        "HTTP/1.1 200 OK\r\nServer: millrace\r\nContent-Type: text/event-stream\r\nCache-Control: "
        "no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: "
        "1000\n\n";
    static constexpr std::string_view alive = ":\n\n";
    std::int64_t sent = 0;
    bool open = co_await write_text(begin);
    while (open && !context_.ending && (!response.may_go_on || response.may_go_on())) {
        const Feed::Message message = feed.newest();
        if (message.number != sent) {
            sent = message.number;
            open = co_await write_text(*message.text);
            continue;
        }
        feed_timer_->expires_after(heartbeat);
        auto [news] = co_await feed_timer_->async_wait(use_tuple);
        if (!news) open = co_await write_text(alive);
    }
}

/// Ends the responses, and reads on for a moment: a client that is still sending would lose the last response
/// by the reset that closing brings.
asio::awaitable<void> HttpSession::drain() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(linger);
    for (;;) {
        buffer_.clear();
        auto [error, bytes] =
            co_await stream_.async_read_some(buffer_.prepare(std::size_t{64} << 10U), use_tuple);
        if (error) co_return;
    }
}

}  // namespace millrace::serve
