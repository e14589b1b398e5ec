#include "serve/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/error.h"
#include "serve/test_http_client.h"

namespace millrace::serve {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* held_request = "GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server whose only request waits for its response.
class HttpServerTest : public testing::Test {
  protected:
    [[nodiscard]] std::unique_ptr<HttpServer> start(HttpServerOptions options = {}) {
        options.port = 0;
        return std::make_unique<HttpServer>(
            options, std::vector<Route>{{"GET", "/held",
                                         [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
                                             held_.set_value(respond);
                                         }}});
    }
    /// Returns the message of the Error that listening on an address throws.
    static std::string error_of(const std::string& address, unsigned short port) {
        HttpServerOptions options;
        options.address = address;
        options.port = port;
        try {
            const HttpServer server(options, {});
            return "nothing was thrown";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            return error.what();
        }
    }
    static unsigned short port_of(const HttpServer& server) {
        return static_cast<unsigned short>(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
    }

    std::promise<Respond> held_;
};

TEST_F(HttpServerTest, APortIsFreeUnlessAServerListensOnIt) {
    const auto server = start();
    const auto port = port_of(*server);
    EXPECT_FALSE(is_free("127.0.0.1", port));
    server->stop();
    EXPECT_TRUE(is_free("127.0.0.1", port));
    EXPECT_FALSE(is_free("localhost", port)) << "a name is no address";
}

TEST_F(HttpServerTest, AnAddressThatItCannotListenOnIsAUsageError) {
    EXPECT_THAT(error_of("localhost", 0), HasSubstr("it is not an IP address"));
    const auto server = start();
    EXPECT_THAT(error_of("127.0.0.1", port_of(*server)), HasSubstr("Choose another port with --port"));
}

TEST_F(HttpServerTest, AConnectionTooManyIsClosedAtOnce) {
    HttpServerOptions options;
    options.max_connections = 1;
    const auto server = start(options);
    TestHttpClient busy(server->url());
    busy.send(held_request);
    const Respond respond = held_.get_future().get();
    EXPECT_EQ(TestHttpClient(server->url()).read_rest(), "");
    EXPECT_EQ(server->counts().connections, 1);
    respond({.body = "later"});
    EXPECT_THAT(busy.read_response(), EndsWith("\r\n\r\nlater")) << "the first connection was disturbed";
}

TEST_F(HttpServerTest, OneAddressHasASmallerLimitUnlessItIsATrustedProxy) {
    HttpServerOptions options;
    options.max_connections_per_address = 1;
    {
        const auto server = start(options);
        TestHttpClient busy(server->url());
        busy.send(held_request);
        const Respond respond = held_.get_future().get();
        EXPECT_EQ(TestHttpClient(server->url()).read_rest(), "");
        EXPECT_EQ(server->counts().per_address, 1);
        EXPECT_EQ(server->counts().connections, 0);
        respond({});
    }
    held_ = {};
    options.trusted_proxies = {"127.0.0.1"};
    const auto server = start(options);
    TestHttpClient busy(server->url());
    busy.send(held_request);
    const Respond respond = held_.get_future().get();
    TestHttpClient other(server->url());
    other.send("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(other.read_response(), testing::StartsWith("HTTP/1.1 404"));
    respond({});
}

TEST_F(HttpServerTest, AStopWaitsForAResponseAndTakesNoNewRequests) {
    const auto server = start();
    TestHttpClient client(server->url());
    client.send(held_request);
    const Respond respond = held_.get_future().get();
    std::thread stopping([&] { server->stop(); });
    respond({.body = "in time"});
    EXPECT_THAT(client.read_rest(), EndsWith("\r\n\r\nin time"));
    stopping.join();
    EXPECT_FALSE(TestHttpClient(server->url()).is_connected());
}

}  // namespace
}  // namespace millrace::serve
