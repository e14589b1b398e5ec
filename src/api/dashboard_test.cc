#include "api/dashboard.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api/test_routes.h"
#include "base/clock.h"
#include "bronze/segment_log.h"
#include "publish/silences.h"

namespace millrace::api {
namespace {

namespace fs = std::filesystem;
using serve::HttpRequest;
using serve::HttpResponse;
using serve::Role;
using testing::HasSubstr;

/// A dashboard without DuckDB.
class DashboardTest : public testing::Test {
  protected:
    DashboardTest() {
        fs::remove_all(data_.root());
        fs::create_directories(pages());
        log_ = bronze::SegmentLog::open_or_create(data_.bronze(), {.name = "events"});
    }
    ~DashboardTest() override {
        dashboard_.reset();
        fs::remove_all(data_.root());
    }

    /// Adds a reader and an administrator.
    void add_users() const {
        serve::AccessList list;
        list.put("ann", Role::read, "secret of ann");
        list.put("bob", Role::admin, "secret of bob");
        list.save(data_.access());
    }
    [[nodiscard]] HttpResponse send(const HttpRequest& request) {
        if (!dashboard_) {
            DashboardOptions options;
            options.pages = pages();
            options.duckdb = "/no/such/duckdb";
            dashboard_ = std::make_unique<Dashboard>(data_, *log_, model::ShopSettings(), options, nullptr,
                                                     nullptr, LiveView::Status());
        }
        return ask(dashboard_->routes(), request);
    }
    static HttpRequest get(const std::string& path, const std::string& credentials = {}) {
        HttpRequest request;
        request.method = "GET";
        request.path = path;
        request.address = "192.0.2.1";
        request.headers["host"] = "127.0.0.1:8090";
        if (!credentials.empty()) request.headers["authorization"] = "Bearer " + credentials;
        return request;
    }
    static HttpRequest post(const std::string& path, const std::string& body,
                            const std::string& credentials = {}) {
        HttpRequest request = get(path, credentials);
        request.method = "POST";
        request.headers["content-type"] = "application/json";
        request.body = body;
        return request;
    }
    [[nodiscard]] std::vector<publish::Silence> silences() const {
        return publish::read_silences(data_, base::wall_time());
    }
    [[nodiscard]] fs::path pages() const { return data_.root() / "pages"; }

    static constexpr const char* ann = "ann:secret of ann";
    static constexpr const char* bob = "bob:secret of bob";
    static constexpr const char* silence_path = "/v1/alerts/silence";
    const catalog::DataDirectory data_{fs::temp_directory_path() /
                                       fmt::format("millrace_dashboard_test_{}", ::getpid())};

  private:
    std::unique_ptr<bronze::SegmentLog> log_;
    std::unique_ptr<Dashboard> dashboard_;
};

TEST_F(DashboardTest, ARequestNeedsTheRoleOfItsRoute) {
    add_users();
    const std::string silence = R"({"rule": "lag", "minutes": 5})";
    EXPECT_EQ(send(get("/v1/state")).status, 401U);
    EXPECT_EQ(send(get("/v1/state", "ann:wrong")).status, 401U);
    EXPECT_EQ(send(get("/v1/state", ann)).status, 200U);
    const HttpResponse refused = send(post(silence_path, silence, ann));
    EXPECT_EQ(refused.status, 403U);
    EXPECT_THAT(refused.body, HasSubstr("requires the role admin"));
    EXPECT_TRUE(silences().empty());
    EXPECT_EQ(send(post(silence_path, silence, bob)).status, 200U);
    EXPECT_EQ(silences().size(), 1U);
}

TEST_F(DashboardTest, AStrangerLearnsOnlyThatHeMustLogIn) {
    add_users();
    const auto stranger = base::parse_json(send(get("/v1/about")).body, "the response");
    EXPECT_EQ(stranger, (base::json::object{{"role", "none"}, {"open", false}}));
    const auto reader = base::parse_json(send(get("/v1/about", ann)).body, "the response");
    EXPECT_EQ(reader.at("role"), "read");
    EXPECT_EQ(reader.at("currency"), "EUR");
}

TEST_F(DashboardTest, WithoutUsersOnlyTheNamesOfThisMachineAreServed) {
    EXPECT_EQ(send(get("/v1/state")).status, 200U);
    HttpRequest rebound = get("/v1/state");
    rebound.headers["host"] = "evil.example:8090";
    EXPECT_EQ(send(rebound).status, 403U);
}

TEST_F(DashboardTest, APageOfAnotherSiteChangesNothing) {
    HttpRequest request = post(silence_path, R"({"rule": "lag", "minutes": 5})");
    request.headers["origin"] = "https://evil.example";
    EXPECT_EQ(send(request).status, 403U);
    EXPECT_TRUE(silences().empty());
    request.headers["origin"] = "http://127.0.0.1:8090";
    EXPECT_EQ(send(request).status, 200U);
}

TEST_F(DashboardTest, ASessionLastsFromLoginToLogout) {
    add_users();
    EXPECT_EQ(send(post("/v1/login", R"({"name": "ann", "password": "wrong"})")).status, 401U);
    EXPECT_EQ(send(post("/v1/login", R"({"name": "ann"})")).status, 400U);
    const HttpResponse logged_in = send(post("/v1/login", R"({"name": "ann", "password": "secret of ann"})"));
    EXPECT_EQ(logged_in.status, 200U);
    const std::string cookie = header_of(logged_in, "Set-Cookie");
    HttpRequest state = get("/v1/state");
    state.headers["cookie"] = cookie.substr(0, cookie.find(';'));
    EXPECT_EQ(send(state).status, 200U);
    HttpRequest log_out = post("/v1/logout", "");
    log_out.headers["cookie"] = state.headers["cookie"];
    EXPECT_EQ(send(log_out).status, 200U);
    EXPECT_EQ(send(state).status, 401U);
}

TEST_F(DashboardTest, ASilenceIsSetAndEnded) {
    EXPECT_EQ(
        send(post(silence_path, R"({"rule": "revenue_drop", "subject": "EUR", "minutes": 43200})")).status,
        200U);
    ASSERT_EQ(silences().size(), 1U);
    EXPECT_EQ(silences()[0].rule, "revenue_drop");
    EXPECT_EQ(silences()[0].subject, "EUR");
    EXPECT_EQ(send(post(silence_path, R"({"rule": "revenue_drop", "subject": "EUR", "minutes": 0})")).status,
              200U);
    EXPECT_TRUE(silences().empty());
}

TEST_F(DashboardTest, AFieldThatIsWrongIsNamed) {
    const auto error = [&](const std::string& body) {
        const HttpResponse response = send(post(silence_path, body));
        EXPECT_EQ(response.status, 400U) << body;
        return response.body;
    };
    EXPECT_THAT(error(R"({"minutes": 5})"), HasSubstr("`rule` is missing"));
    EXPECT_THAT(error(R"({"rule": "lagg", "minutes": 5})"), HasSubstr("The rules are: high_interest"));
    EXPECT_THAT(error(R"({"rule": "lag"})"), HasSubstr("`minutes` is missing"));
    for (const char* minutes : {"-1", "43201", "1.5", "1e300", "\"5\"", "null"})
        EXPECT_THAT(error(fmt::format(R"({{"rule": "lag", "minutes": {}}})", minutes)),
                    HasSubstr("`minutes` is not a whole number from 0 to 43200"));
    EXPECT_THAT(error(R"({"rule": "lag", "minutes": 5, "subject": 7})"),
                HasSubstr("`subject` is not a string"));
    EXPECT_THAT(error("[]"), HasSubstr("not a JSON object"));
    EXPECT_THAT(error("{"), HasSubstr("not valid JSON"));
    HttpRequest form = post(silence_path, R"({"rule": "lag", "minutes": 5})");
    form.headers["content-type"] = "text/plain";
    EXPECT_EQ(send(form).status, 400U) << "a page of another site may send forms without asking";
    EXPECT_TRUE(silences().empty());
}

TEST_F(DashboardTest, AReplayNeedsAFix) {
    for (const char* body : {"{}", R"({"set": {}})", R"({"set": [1]})"}) {
        const HttpResponse response = send(post("/v1/quarantine/replay", body));
        EXPECT_EQ(response.status, 400U) << body;
        EXPECT_THAT(response.body, HasSubstr("`set` contains no field")) << body;
    }
}

TEST_F(DashboardTest, WithoutDuckDbReportsTellTheReasonAndTheRestWorks) {
    for (const HttpResponse& response :
         {send(get("/v1/reports/kpis")), send(post("/v1/sql", R"({"query": "select 1"})"))}) {
        EXPECT_EQ(response.status, 503U);
        EXPECT_THAT(response.body, HasSubstr("/no/such/duckdb"));
    }
    EXPECT_EQ(send(get("/v1/state")).status, 200U);
}

TEST_F(DashboardTest, PagesThatAreNotBuiltAreMissing) {
    EXPECT_EQ(send(get("/")).status, 404U);
    EXPECT_THAT(send(get("/")).body, HasSubstr("make build"));
}

TEST_F(DashboardTest, PagesNeedNoRole) {
    add_users();
    std::ofstream(pages() / "index.html") << "<p>the page</p>";
    const HttpResponse page = send(get("/"));
    EXPECT_EQ(page.status, 200U);
    EXPECT_EQ(page.body, "<p>the page</p>");
    EXPECT_EQ(send(get("/../access.json")).status, 404U);
}

}  // namespace
}  // namespace millrace::api
