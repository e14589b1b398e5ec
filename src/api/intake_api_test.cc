#include "api/intake_api.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "api/test_routes.h"
#include "bronze/segment_log.h"

namespace millrace::api {
namespace {

using serve::HttpRequest;
using serve::HttpResponse;
using testing::HasSubstr;

constexpr const char* an_event =
    R"({"event_id":"e1","user_id":"u1","event_type":"page_view","timestamp":"2019-10-03T12:00:00Z"})";

class IntakeApiTest : public testing::Test {
  protected:
    IntakeApiTest() {
        std::filesystem::remove_all(directory_);
        log_ = bronze::SegmentLog::open_or_create(directory_, {.name = "events"});
        start({});
    }
    ~IntakeApiTest() override { std::filesystem::remove_all(directory_); }

    void start(const CollectOptions& options) {
        api_.reset();
        api_ = std::make_unique<IntakeApi>(*log_, rules_, options);
    }
    [[nodiscard]] HttpResponse send(const HttpRequest& request) const { return ask(api_->routes(), request); }
    static HttpRequest post(const std::string& body, const std::string& path = "/v1/events") {
        HttpRequest request;
        request.method = "POST";
        request.path = path;
        request.body = body;
        request.address = "192.0.2.1";
        return request;
    }
    static HttpRequest with_header(HttpRequest request, const std::string& name, const std::string& value) {
        request.headers[name] = value;
        return request;
    }
    [[nodiscard]] std::int64_t in_log() const { return log_->records_numbered(); }

    const std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / fmt::format("millrace_intake_test_{}", ::getpid());
    const model::RuleOptions rules_;
    std::unique_ptr<bronze::SegmentLog> log_;
    std::unique_ptr<IntakeApi> api_;
};

TEST_F(IntakeApiTest, AnEventThatIsAcceptedIsInTheLog) {
    const HttpResponse response = send(post(an_event));
    EXPECT_EQ(response.status, 202U);
    EXPECT_EQ(base::parse_json(response.body, "the response").at("accepted"), 1);
    EXPECT_EQ(in_log(), 1);
    EXPECT_EQ(api_->counts().events, 1);
}

TEST_F(IntakeApiTest, AnEventThatBreaksARuleIsAcceptedAndNamed) {
    std::string invalid = an_event;
    invalid.insert(1, R"("price":"cheap",)");
    const HttpResponse response = send(post(std::string(an_event) + "\n" + invalid));
    EXPECT_EQ(response.status, 202U);
    const auto body = base::parse_json(response.body, "the response");
    EXPECT_EQ(body.at("accepted"), 2);
    ASSERT_EQ(body.at("invalid").as_array().size(), 1U);
    EXPECT_EQ(body.at("invalid").at(0).at("index"), 1);
    EXPECT_EQ(body.at("invalid").at(0).at("rule"), "wrong_type");
    EXPECT_EQ(body.at("invalid").at(0).at("field"), "price");
    EXPECT_EQ(in_log(), 2);
}

TEST_F(IntakeApiTest, ABodyThatCannotBeReadIsRefused) {
    EXPECT_EQ(send(post("{")).status, 400U);
    EXPECT_EQ(send(with_header(post(an_event), "content-encoding", "rot13")).status, 415U);
    EXPECT_EQ(send(with_header(post("not gzip"), "content-encoding", "gzip")).status, 400U);
    EXPECT_EQ(api_->counts().refused_syntax, 3);
    start({.reading = {.max_messages = 1}});
    EXPECT_EQ(send(post(std::string(an_event) + an_event)).status, 413U);
    EXPECT_EQ(api_->counts().refused_size, 1);
    EXPECT_EQ(in_log(), 0);
}

TEST_F(IntakeApiTest, AWriteKeyIsTakenInTheWaysOfEachProtocol) {
    start({.write_keys = {{"web", "key one"}, {"app", "key two"}}});
    EXPECT_EQ(send(post(an_event)).status, 401U);
    EXPECT_EQ(send(with_header(post(an_event), "authorization", "Bearer key")).status, 401U);
    EXPECT_EQ(send(with_header(post(an_event), "authorization", "Basic !")).status, 401U);
    EXPECT_EQ(api_->counts().refused_key, 3);
    EXPECT_EQ(send(with_header(post(an_event), "authorization", "Bearer key two")).status, 202U);
    EXPECT_EQ(send(with_header(post(an_event), "authorization", "Basic a2V5IG9uZTo=")).status, 202U)
        << "the Base64 of the user `key one` without a password";
    for (const char* parameter : {"key", "api_secret"}) {
        HttpRequest request = post(an_event);
        request.query[parameter] = "key one";
        EXPECT_EQ(send(request).status, 202U) << parameter;
        request.headers["authorization"] = "Bearer wrong";
        EXPECT_EQ(send(request).status, 401U) << "the header takes precedence over " << parameter;
    }
}

TEST_F(IntakeApiTest, OnlyPagesOfAllowedOriginsMaySend) {
    start({.origins = {"https://shop.example"}});
    const auto from = [](const std::string& origin) {
        HttpRequest request = post(an_event);
        request.headers = {{"origin", origin}, {"host", "collect.example"}};
        return request;
    };
    EXPECT_EQ(send(from("https://evil.example")).status, 403U);
    EXPECT_EQ(header_of(send(from("https://evil.example")), "Access-Control-Allow-Origin"), "");
    EXPECT_EQ(in_log(), 0);
    const HttpResponse allowed = send(from("https://shop.example"));
    EXPECT_EQ(allowed.status, 202U);
    EXPECT_EQ(header_of(allowed, "Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(header_of(allowed, "Vary"), "Origin");
    EXPECT_EQ(send(from("https://collect.example")).status, 202U) << "a page of this server";
    EXPECT_EQ(send(post(an_event)).status, 202U) << "a program sends no origin";
}

TEST_F(IntakeApiTest, APreflightTellsAPageWhetherItMaySend) {
    start({.write_keys = {{"web", "secret"}}, .origins = {"https://shop.example"}});
    HttpRequest request = with_header(post(""), "origin", "https://shop.example");
    request.method = "OPTIONS";
    const HttpResponse response = send(request);
    EXPECT_EQ(response.status, 204U) << "a browser sends no key yet";
    EXPECT_EQ(header_of(response, "Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_THAT(header_of(response, "Access-Control-Allow-Headers"), HasSubstr("Authorization"));
    request.headers["origin"] = "https://evil.example";
    EXPECT_EQ(header_of(send(request), "Access-Control-Allow-Origin"), "");
}

TEST_F(IntakeApiTest, ASenderOverItsRateIsToldWhenToSendAgain) {
    start({.max_per_address = 0.01});
    EXPECT_EQ(send(post(an_event)).status, 202U);
    const HttpResponse refused = send(post(an_event));
    EXPECT_EQ(refused.status, 429U);
    EXPECT_GT(std::stoi(header_of(refused, "Retry-After")), 1);
    HttpRequest other = post(an_event);
    other.address = "192.0.2.2";
    EXPECT_EQ(send(other).status, 202U);
    EXPECT_EQ(in_log(), 2);
    EXPECT_EQ(api_->counts().refused_limit, 1);
}

TEST_F(IntakeApiTest, TooManyLargeBodiesAreNotKept) {
    start({.max_pending_bytes = 10});
    const HttpResponse refused = send(with_header(post(an_event), "content-encoding", "gzip"));
    EXPECT_EQ(refused.status, 429U);
    EXPECT_EQ(header_of(refused, "Retry-After"), "1");
    EXPECT_EQ(api_->counts().refused_busy, 1);
    EXPECT_EQ(send(post(an_event)).status, 202U) << "a small body does not wait";
}

TEST_F(IntakeApiTest, EventsThatTheLogCannotStoreAreNotAcknowledged) {
    bronze::TopicCatalog(directory_).remove("events");
    const HttpResponse response = send(post(an_event));
    EXPECT_EQ(response.status, 503U);
    EXPECT_THAT(response.body, HasSubstr("could not be stored"));
    EXPECT_EQ(api_->counts().failed, 1);
    EXPECT_EQ(api_->counts().events, 0);
}

TEST_F(IntakeApiTest, ABrowsersLibraryIsToldThatItMaySend) {
    start({.write_keys = {{"web", "key one"}}});
    HttpRequest request = post("", "/sourceConfig/");
    request.method = "GET";
    EXPECT_EQ(send(request).status, 401U);
    request.query["writeKey"] = "key one";
    const HttpResponse response = send(with_header(request, "origin", "https://shop.example"));
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(header_of(response, "Access-Control-Allow-Origin"), "https://shop.example");
    const auto source = base::parse_json(response.body, "the response").at("source");
    EXPECT_EQ(source.at("id"), "web");
    EXPECT_EQ(source.at("enabled"), true);
    EXPECT_TRUE(source.at("destinations").as_array().empty());
}

TEST_F(IntakeApiTest, AnotherProtocolGetsItsOwnReply) {
    const HttpResponse response = send(post(R"({"batch":[]})", "/v1/batch"));
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.body, "{\"success\":true}\n");
    EXPECT_EQ(in_log(), 0);
    EXPECT_EQ(send(post("{}", "/v1/batch")).status, 400U);
}

}  // namespace
}  // namespace millrace::api
