#include "serve/http_message.h"

#include <gtest/gtest.h>

namespace millrace::serve {
namespace {

namespace http = boost::beast::http;

RawRequest raw_request(unsigned version = 11) {
    RawRequest request(http::verb::post, "/v1/events?key=1", version);
    request.set(http::field::host, "localhost");
    return request;
}

HttpRequest request_for(const std::string& method, const std::string& path) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    return request;
}

TEST(HttpMessage, FindsRequestsThatCouldBeReadInTwoWays) {
    EXPECT_FALSE(ambiguity(raw_request()));
    RawRequest without_host = raw_request();
    without_host.erase(http::field::host);
    EXPECT_TRUE(ambiguity(without_host));
    without_host.version(10);
    EXPECT_FALSE(ambiguity(without_host));
    RawRequest two_lengths = raw_request();
    two_lengths.set(http::field::transfer_encoding, "chunked");
    EXPECT_FALSE(ambiguity(two_lengths));
    two_lengths.set(http::field::content_length, "3");
    EXPECT_TRUE(ambiguity(two_lengths));
    RawRequest compressed = raw_request();
    compressed.set(http::field::transfer_encoding, "gzip, chunked");
    EXPECT_TRUE(ambiguity(compressed));
}

TEST(HttpMessage, TakesTheClientsAddressFromTrustedProxiesOnly) {
    const auto address_by = [](const std::vector<std::string>& trusted) {
        RawRequest raw = raw_request();
        raw.set("X-Forwarded-For", "203.0.113.9, 192.0.2.1");
        return to_request(std::move(raw), "10.0.0.1", trusted)->address;
    };
    EXPECT_EQ(address_by({}), "10.0.0.1");
    EXPECT_EQ(address_by({"10.0.0.1"}), "192.0.2.1");
}

TEST(HttpMessage, DecodesTheTarget) {
    const auto request = to_request(raw_request(), "10.0.0.1", {});
    EXPECT_EQ(request->path, "/v1/events");
    EXPECT_EQ(request->parameter("key"), "1");
    RawRequest broken = raw_request();
    broken.target("/%zz");
    EXPECT_EQ(to_request(std::move(broken), "10.0.0.1", {}), nullptr);
}

TEST(HttpMessage, FindsTheRouteOfThePathOrTheLongestFolder) {
    const std::vector<Route> routes = {
        {"GET", "/*", {}}, {"GET", "/shop/*", {}}, {"POST", "/v1/events", {}}, {"GET", "/v1/*", {}}};
    EXPECT_EQ(find_route(request_for("GET", "/shop/a"), routes).handle, &routes[1].handle);
    EXPECT_EQ(find_route(request_for("HEAD", "/index.html"), routes).handle, &routes[0].handle);
    EXPECT_EQ(find_route(request_for("POST", "/v1/events"), routes).handle, &routes[2].handle);
    EXPECT_EQ(find_route(request_for("POST", "/v1/events/"), routes).handle, &routes[2].handle);
    EXPECT_EQ(find_route(request_for("GET", "/"), routes).handle, &routes[0].handle);
}

TEST(HttpMessage, TellsWhyThereIsNoRoute) {
    const std::vector<Route> routes = {{"POST", "/v1/events", {}}};
    const Dispatch wrong_method = find_route(request_for("GET", "/v1/events"), routes);
    ASSERT_TRUE(wrong_method.refused);
    EXPECT_EQ(wrong_method.refused->status, 405U);
    EXPECT_EQ(wrong_method.refused->headers.back(), std::pair(std::string("Allow"), std::string("POST")));
    EXPECT_EQ(find_route(request_for("GET", "/none"), routes).refused->status, 404U);
    const std::vector<Route> with_pages = {{"POST", "/v1/events", {}}, {"GET", "/*", {}}};
    EXPECT_EQ(find_route(request_for("POST", "/v1/event"), with_pages).refused->status, 404U)
        << "a misspelt path is not there, even if there are pages";
    EXPECT_EQ(find_route(request_for("PUT", "/v1/events/"), with_pages).refused->status, 405U);
}

}  // namespace
}  // namespace millrace::serve
