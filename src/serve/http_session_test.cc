#include "serve/http_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "serve/test_http_client.h"

namespace millrace::serve {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The sessions of a server that echoes bodies, fails, and sends a feed.
class HttpSessionTest : public testing::Test {
  protected:
    [[nodiscard]] std::unique_ptr<HttpServer> start(HttpServerOptions options = {}) const {
        options.port = 0;
        const auto echo = [](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
            respond({.content_type = "text/plain", .body = request->body});
        };
        const auto fail = [](const std::shared_ptr<HttpRequest>&, const Respond&) {
            throw std::runtime_error("it failed");
        };
        const auto send_feed = [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
            respond({.feed = feed_, .may_go_on = [this] { return may_go_on_.load(); }});
        };
        return std::make_unique<HttpServer>(options, std::vector<Route>{{"POST", "/echo", echo},
                                                                        {"GET", "/echo", echo},
                                                                        {"GET", "/fail", fail},
                                                                        {"GET", "/feed", send_feed}});
    }
    static std::string post(const std::string& body, const std::string& headers = {}) {
        return "POST /echo HTTP/1.1\r\nHost: localhost\r\n" + headers +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    static std::string get(const std::string& path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    std::shared_ptr<Feed> feed_ = std::make_shared<Feed>();
    std::atomic<bool> may_go_on_ = true;
};

TEST_F(HttpSessionTest, AConnectionServesOneRequestAfterAnother) {
    const auto server = start();
    TestHttpClient client(server->url());
    client.send(post("first") + post("second"));
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nfirst"));
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nsecond"));
    client.send(post("last", "Connection: close\r\n"));
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nlast"));
    EXPECT_EQ(client.read_rest(), "");
}

TEST_F(HttpSessionTest, ARequestMayComeByteByByte) {
    const auto server = start();
    TestHttpClient client(server->url());
    for (const char c : post("body")) client.send({&c, 1});
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nbody"));
}

TEST_F(HttpSessionTest, HeadHasTheLengthButNoBody) {
    const auto server = start();
    TestHttpClient client(server->url());
    client.send("HEAD /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::string response = client.read_rest();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(response, HasSubstr("Content-Length: "));
    EXPECT_THAT(response, EndsWith("\r\n\r\n"));
}

TEST_F(HttpSessionTest, AClientThatAsksFirstIsToldToGoOn) {
    const auto server = start();
    TestHttpClient client(server->url());
    client.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    EXPECT_THAT(client.read_to("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
    client.send("body");
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nbody"));
}

TEST_F(HttpSessionTest, AHandlerThatThrowsIsAnErrorOfItsRequestOnly) {
    const auto server = start();
    TestHttpClient client(server->url());
    client.send(get("/fail"));
    const std::string response = client.read_response();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(response, Not(HasSubstr("it failed"))) << "only the server's log says why";
    client.send(post("next"));
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nnext"));
}

TEST_F(HttpSessionTest, ABodyMayBeAsLargeAsTheLimit) {
    HttpServerOptions options;
    options.max_body_bytes = 10;
    const auto server = start(options);
    TestHttpClient client(server->url());
    client.send(post("0123456789"));
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\n0123456789"));
    client.send(post("0123456789a"));
    EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 413"));
    EXPECT_EQ(client.read_rest(), "") << "the connection is closed";
    EXPECT_EQ(server->counts().too_large, 1);
}

TEST_F(HttpSessionTest, HeadersThatAreTooLargeAreRefused) {
    const auto server = start();
    TestHttpClient client(server->url());
    client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nX-Large: " + std::string(max_header_bytes, 'x'));
    EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 431"));
    EXPECT_EQ(server->counts().too_large, 1);
}

TEST_F(HttpSessionTest, BodiesThatTakeTooMuchMemoryTogetherAreRefused) {
    HttpServerOptions options;
    options.max_bodies_bytes = 10;
    const auto server = start(options);
    {
        TestHttpClient client(server->url());
        client.send(post(std::string(100, 'x')));
        const std::string response = client.read_response();
        EXPECT_THAT(response, StartsWith("HTTP/1.1 503"));
        EXPECT_THAT(response, HasSubstr("Retry-After: 1\r\n"));
        EXPECT_EQ(server->counts().busy, 1);
    }
    TestHttpClient next(server->url());
    next.send(post("small"));
    EXPECT_THAT(next.read_response(), EndsWith("\r\n\r\nsmall")) << "the memory was not given back";
}

TEST_F(HttpSessionTest, RequestsThatAreNotHttpOrUnclearAreRefused) {
    const auto server = start();
    for (const char* request : {"nonsense\r\n\r\n", "GET /echo HTTP/1.1\r\n\r\n",
                                "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        TestHttpClient client(server->url());
        client.send(request);
        EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 400")) << request;
    }
    EXPECT_EQ(server->counts().malformed, 3);
}

TEST_F(HttpSessionTest, ASlowRequestIsCutOff) {
    HttpServerOptions options;
    options.transfer_timeout = std::chrono::seconds(1);
    const auto server = start(options);
    TestHttpClient client(server->url());
    client.send("GET /echo HTT");
    EXPECT_EQ(client.read_rest(), "");
    // The connection is closed before it is counted.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (server->counts().too_slow == 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(server->counts().too_slow, 1);
}

TEST_F(HttpSessionTest, AFeedSendsItsNewestStateUntilItMustEnd) {
    const auto server = start();
    feed_->publish("old");
    feed_->publish("newest");
    TestHttpClient client(server->url());
    client.send(get("/feed"));
    EXPECT_THAT(client.read_to("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
    const std::string first = client.read_to("data: newest\n\n");
    EXPECT_THAT(first, EndsWith("data: newest\n\n"));
    EXPECT_THAT(first, Not(HasSubstr("old")));
    feed_->publish("next");
    EXPECT_THAT(client.read_to("data: next\n\n"), EndsWith("data: next\n\n"));
    may_go_on_ = false;
    feed_->publish("secret");
    EXPECT_EQ(client.read_rest(), "");
}

}  // namespace
}  // namespace millrace::serve
