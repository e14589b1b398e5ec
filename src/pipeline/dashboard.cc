#include "pipeline/dashboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "gold/alert_rules.h"
#include "pipeline/requeue.h"
#include "pipeline/silences.h"

namespace millrace::pipeline {

namespace json = boost::json;
using serve::HttpRequest;
using serve::HttpResponse;
using serve::problem;
using serve::Respond;
using serve::Role;

namespace {

constexpr int most_waiting = 64;
constexpr std::string_view reports_path = "/v1/reports/";
constexpr std::int64_t longest_silence_minutes = 30LL * 24 * 60;

HttpResponse answer(const json::object& body) {
    return {.body = json::serialize(body) + "\n", .headers = {{"Cache-Control", "no-store"}}};
}

/// The request's body, a JSON object. Throws a usage Error for another.
json::object object_of(const HttpRequest& request) {
    if (!request.header("content-type").starts_with("application/json"))
        throw usage_error("reading the request", "its Content-Type isn't application/json");
    const auto body = base::parse_json(request.body, "the request");
    if (!body.is_object()) throw usage_error("reading the request", "it is no JSON object");
    return body.as_object();
}

std::optional<serve::DuckDb> find_duckdb(const std::filesystem::path& given, std::string& why_not) {
    try {
        return serve::DuckDb::find(given);
    } catch (const Error& error) {
        why_not = error.what();
        spdlog::warn("dashboard: {}", why_not);
        return std::nullopt;
    }
}

}  // namespace

Dashboard::Dashboard(const DataDirectory& data, bronze::EventLog& log, const ShopSettings& settings,
                     const DashboardOptions& options, OpenRows* open, LiveView::Status status)
    : data_(data),
      log_(log),
      settings_(settings),
      access_(serve::AccessList::load(data.access())),
      pages_(options.pages.empty() ? std::filesystem::path(MILLRACE_PAGES) : options.pages),
      live_(data, open, std::move(status)) {
    if (auto duckdb = find_duckdb(options.duckdb, why_no_reports_))
        reports_.emplace(live_, std::move(*duckdb), settings.time_zone);
}

Dashboard::~Dashboard() {
    workers_.join();
}

/// Runs `work` on another thread, since it takes its time, and answers with what it returns.
void Dashboard::answer_later(const Respond& respond, Work work) {
    if (++waiting_ > most_waiting) {
        --waiting_;
        HttpResponse busy = problem(503, "too many reports are being made", "Try again in a moment.");
        busy.headers.emplace_back("Retry-After", "1");
        return respond(std::move(busy));
    }
    boost::asio::post(workers_, [this, respond, work = std::move(work)] {
        HttpResponse response;
        try {
            response = work();
        } catch (const Error& error) {
            response = problem(error.kind() == Error::Kind::usage ? 400 : 500, error.what());
        } catch (const std::exception& error) {
            spdlog::error("dashboard: {}", error.what());
            response = problem(500, "the server failed at this", "Its log says why.");
        }
        --waiting_;
        respond(std::move(response));
    });
}

HttpResponse Dashboard::refusal(const HttpRequest& request, Role has, Role least) const {
    if (has == Role::none) {
        HttpResponse response =
            problem(401, "who you are isn't known", "Log in, or send `Authorization: Bearer NAME:SECRET`.");
        return response;
    }
    return problem(
        403, fmt::format("{} {} needs the role {}", request.method, request.path, serve::role_name(least)),
        "Ask for it: millrace access add NAME --role admin");
}

serve::Handle Dashboard::guarded(Role least, serve::Handle handle) {
    return [this, least, handle = std::move(handle)](const std::shared_ptr<HttpRequest>& request,
                                                     const Respond& respond) {
        if (access_.is_open() && !serve::names_this_machine(*request))
            return respond(problem(403, "this server answers only to its own names while it knows nobody",
                                   "Use http://127.0.0.1, or name who may look: millrace access add NAME"));
        if (request->method != "GET" && !serve::is_same_site(*request))
            return respond(problem(403, "this request comes from another site's page"));
        const auto decide = [this, least, handle, request, respond] {
            const Role role = access_.role_of(*request);
            if (role < least) return respond(refusal(*request, role, least));
            handle(request, respond);
        };
        if (access_.knows(*request)) return decide();
        boost::asio::post(workers_, [decide, respond] {
            try {
                decide();
            } catch (const std::exception& error) {
                spdlog::error("dashboard: {}", error.what());
                respond(problem(500, "the server failed at this", "Its log says why."));
            }
        });
    };
}

std::vector<serve::Route> Dashboard::routes() {
    using Make = HttpResponse (Dashboard::*)(const HttpRequest&);
    const auto later = [this](Make make) {
        return [this, make](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
            answer_later(respond, [this, make, request] { return (this->*make)(*request); });
        };
    };
    const auto feed = [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
        respond({.content_type = "text/event-stream", .feed = live_.feed()});
    };
    const auto state = [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
        answer_later(respond, [this] { return answer(live_.state()); });
    };
    const auto page = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        if (pages_.empty())
            return respond(problem(404, "there are no pages: they weren't built", "See: make build"));
        respond(pages_.answer(*request));
    };
    return {{"GET", "/v1/about", guarded(Role::none, later(&Dashboard::about))},
            {"POST", "/v1/login", guarded(Role::none, later(&Dashboard::login))},
            {"POST", "/v1/logout", guarded(Role::none, later(&Dashboard::logout))},
            {"GET", "/v1/live", guarded(Role::read, feed)},
            {"GET", "/v1/state", guarded(Role::read, state)},
            {"GET", "/v1/reports/*", guarded(Role::read, later(&Dashboard::report))},
            {"POST", "/v1/sql", guarded(Role::read, later(&Dashboard::sql))},
            {"POST", "/v1/quarantine/replay", guarded(Role::admin, later(&Dashboard::replay))},
            {"POST", "/v1/alerts/silence", guarded(Role::admin, later(&Dashboard::silence))},
            {"GET", "/*", page}};
}

/// What a page needs to know before it shows anything.
HttpResponse Dashboard::about(const HttpRequest& request) {
    const Role role = access_.role_of(request);
    json::object about{{"role", serve::role_name(role)}, {"open", access_.is_open()}};
    if (role == Role::none) return answer(about);
    json::array silences;
    for (const Silence& each : read_silences(data_, base::now_ms())) silences.push_back(each.to_json());
    about["time_zone"] = settings_.time_zone;
    about["currency"] = settings_.rules.currency;
    about["interest_share"] = settings_.gold.interest_share;
    about["interest_conversion"] = settings_.gold.interest_conversion;
    about["silences"] = std::move(silences);
    return answer(about);
}

HttpResponse Dashboard::login(const HttpRequest& request) {
    const auto body = object_of(request);
    const auto session =
        access_.login(base::string_member(body, "name"), base::string_member(body, "password"));
    if (!session) return problem(401, "name or password is wrong", "After ten wrong ones, wait a minute.");
    HttpResponse response = answer({{"status", "logged in"}});
    response.headers.emplace_back(
        "Set-Cookie", serve::Access::cookie(*session, request.header("x-forwarded-proto") == "https"));
    return response;
}

HttpResponse Dashboard::logout(const HttpRequest& request) {
    access_.logout(request);
    HttpResponse response = answer({{"status", "logged out"}});
    response.headers.emplace_back("Set-Cookie",
                                  serve::Access::cookie("", request.header("x-forwarded-proto") == "https"));
    return response;
}

HttpResponse Dashboard::report(const HttpRequest& request) {
    if (!reports_) return problem(503, why_no_reports_);
    const auto name = std::string_view(request.path).substr(reports_path.size());
    return {.body = reports_->make(name, request.query), .headers = {{"Cache-Control", "no-store"}}};
}

HttpResponse Dashboard::sql(const HttpRequest& request) {
    if (!reports_) return problem(503, why_no_reports_);
    const auto body = object_of(request);
    const std::string query = base::string_member(body, "query");
    const std::string form = base::string_member(body, "format", "json");
    if (form == "csv") return {.content_type = "text/csv; charset=utf-8", .body = reports_->csv(query)};
    if (form == "parquet")
        return {.content_type = "application/vnd.apache.parquet",
                .body = reports_->parquet(query, data_.live())};
    if (form != "json")
        throw usage_error(fmt::format("reading the format {}", form), "it must be json, csv or parquet");
    const std::int64_t limit = base::integer_member(body, "limit", 1000);
    if (limit < 1 || limit > 10'000) throw usage_error("reading the limit", "it must be from 1 to 10,000");
    return answer(reports_->rows(query, limit).to_json());
}

/// Records of the quarantine, mended by setting fields, into the log again.
HttpResponse Dashboard::replay(const HttpRequest& request) {
    const auto body = object_of(request);
    QuarantineFilter filter;
    if (const auto rule = base::string_member(body, "rule"); !rule.empty()) filter.rule = rule;
    if (body.contains("partition"))
        filter.partition = static_cast<int>(base::integer_member(body, "partition", -1));
    if (body.contains("offset")) filter.offset = base::integer_member(body, "offset", -1);
    std::vector<std::pair<std::string, std::string>> fields;
    const auto& set = base::member(body, "set");
    if (!set.is_object() || set.get_object().empty())
        throw usage_error("replaying quarantined records", "`set` names no field",
                          "Give the fix: {\"set\": {\"price\": 9.99}}");
    for (const auto& [field, value] : set.get_object()) fields.emplace_back(field, json::serialize(value));
    const auto report = requeue(data_, log_, filter, fix_by_setting(fields));
    return answer({{"appended", report.appended},
                   {"already_replayed", report.already},
                   {"unchanged", report.unchanged},
                   {"unfixable", report.unfixable}});
}

HttpResponse Dashboard::silence(const HttpRequest& request) {
    const auto body = object_of(request);
    const std::string rule = base::string_member(body, "rule");
    if (!gold::rule_of(rule))
        throw usage_error(fmt::format("silencing the rule {}", rule), "there is none of this name");
    const std::int64_t minutes = base::integer_member(body, "minutes", -1);
    if (minutes < 0 || minutes > longest_silence_minutes)
        throw usage_error("silencing an alert", "`minutes` must be from 0, which ends it, to 43,200");
    const std::int64_t now = base::now_ms();
    const Silence made{
        .rule = rule, .subject = base::string_member(body, "subject"), .until_ms = now + minutes * 60'000};
    put_silence(data_, made, now);
    return answer(made.to_json());
}

}  // namespace millrace::pipeline
