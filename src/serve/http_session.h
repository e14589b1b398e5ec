#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/connection_table.h"
#include "serve/http.h"
#include "serve/http_message.h"
#include "serve/http_server.h"

namespace millrace::serve {

/// What the sessions of one server share. For the server's thread.
struct HttpSessionContext {
    const HttpServerOptions options;
    const std::vector<Route> routes;
    HttpServer::Counts counts;
    std::size_t bodies_bytes = 0;  ///< of all requests that are under way
    bool ending = false;           ///< no new requests are taken
};

/// One connection: reads requests, has them handled, and writes the responses. Its coroutines take nothing
/// but references and plain values: gcc 12 destroys some arguments given by value twice.
class HttpSession : public Connection {
  public:
    /// `context` must outlive it.
    HttpSession(boost::asio::ip::tcp::socket socket, HttpSessionContext& context);

    /// Runs until the connection ends. The caller keeps the object alive until then.
    boost::asio::awaitable<void> run();

    void close() override;
    void end() override;

  private:
    class BodyBudget;
    class Pace;
    class PendingResponse;

    boost::asio::awaitable<boost::beast::error_code> read(RequestParser& parser, BodyBudget& budget,
                                                          std::optional<HttpResponse>& refused);
    boost::asio::awaitable<boost::beast::error_code> read_body(RequestParser& parser, BodyBudget& budget,
                                                               std::optional<HttpResponse>& refused);
    boost::asio::awaitable<void> refuse(HttpResponse& refused);
    boost::asio::awaitable<HttpResponse> handle(const std::shared_ptr<HttpRequest>& request);
    boost::asio::awaitable<bool> write(HttpResponse& response, bool keep_alive, bool head);
    boost::asio::awaitable<bool> write_text(std::string_view text);
    boost::asio::awaitable<void> write_feed(const HttpResponse& response);
    boost::asio::awaitable<void> drain();

    HttpSessionContext& context_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::shared_ptr<boost::asio::steady_timer> feed_timer_;  // set while a feed is written
};

}  // namespace millrace::serve
