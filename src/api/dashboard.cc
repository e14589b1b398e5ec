#include "api/dashboard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>

#include "base/clock.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "gold/alerts/alert_rules.h"
#include "publish/silences.h"
#include "serve/build_paths.h"
#include "silver/stage/quarantine_replay.h"

namespace millrace::api {

namespace json = boost::json;
using serve::HttpRequest;
using serve::HttpResponse;
using serve::problem;
using serve::Respond;
using serve::Role;

namespace {

constexpr std::string_view reports_path = "/v1/reports/";
constexpr std::int64_t max_silence_minutes = 30LL * 24 * 60;

HttpResponse answer(const json::object& body) {
    return {.body = base::json_text(body) + "\n", .headers = {{"Cache-Control", "no-store"}}};
}

/// The body of a request, which must be a JSON object. Throws a usage Error if the body or a field is
/// invalid.
class Body {
  public:
    explicit Body(const HttpRequest& request) {
        if (!request.header("content-type").starts_with("application/json"))
            throw usage_error(doing, "its Content-Type is not application/json");
        boost::system::error_code broken;
        const auto parsed = json::parse(request.body, broken);
        if (broken) throw usage_error(doing, fmt::format("its body is not valid JSON: {}", broken.message()));
        if (!parsed.is_object()) throw usage_error(doing, "its body is not a JSON object");
        fields_ = parsed.as_object();
    }

    [[nodiscard]] const json::value* find(std::string_view name) const { return fields_.if_contains(name); }
    /// Returns a string field, or nothing if it is absent.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_string()) throw usage_error(doing, fmt::format("`{}` is not a string", name));
        return std::string(value->get_string());
    }
    [[nodiscard]] std::string required_text(std::string_view name) const {
        const auto found = text(name);
        if (!found) throw usage_error(doing, fmt::format("`{}` is missing", name));
        return *found;
    }
    /// Returns an integer field, or nothing if it is absent. The value must be between `min` and `max`.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t min,
                                                      std::int64_t max) const {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        boost::system::error_code inexact;
        const auto number = value->is_number() ? value->to_number<std::int64_t>(inexact) : min - 1;
        if (!value->is_number() || inexact || number < min || number > max)
            throw usage_error(doing, fmt::format("`{}` is not a whole number from {} to {}", name, min, max));
        return number;
    }

  private:
    static constexpr const char* doing = "reading the request";

    json::object fields_;
};

/// Returns the directory of the pages: the given one, the one that was installed with the program, or that of
/// the build.
std::filesystem::path find_pages(const std::filesystem::path& given) {
    if (!given.empty()) return given;
    std::error_code unknown;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    auto installed = program.parent_path().parent_path() / "share" / "millrace" / "web";
    return std::filesystem::exists(installed) ? installed : serve::pages_of_build();
}

/// The error for an alert rule that does not exist.
Error unknown_rule(const std::string& rule) {
    std::vector<std::string_view> names;
    names.reserve(gold::all_rules.size());
    for (const gold::AlertRule each : gold::all_rules) names.push_back(gold::rule_kind(each).name);
    return usage_error(fmt::format("silencing the rule {}", rule), "there is no alert rule of this name",
                       fmt::format("The rules are: {}.", fmt::join(names, ", ")));
}

std::optional<serve::DuckDb> find_duckdb(const catalog::DataDirectory& data,
                                         const std::filesystem::path& given, std::string& why_not) {
    try {
        return serve::DuckDb::find(given, data.root(), data.live());
    } catch (const Error& error) {
        why_not = error.what();
        spdlog::warn("dashboard: {}", why_not);
        return std::nullopt;
    }
}

}  // namespace

Dashboard::Dashboard(const catalog::DataDirectory& data, bronze::EventLog& log,
                     const model::ShopSettings& settings, const DashboardOptions& options,
                     gold::OpenWindowsChannel* open, const silver::UncommittedRows* uncommitted,
                     LiveView::Status status)
    : data_(data),
      log_(log),
      settings_(settings),
      access_(serve::AccessList::load(data.access())),
      pages_(find_pages(options.pages)),
      live_(data, open, uncommitted, std::move(status)),
      query_pool_(options.sql_queries, options.sql_waiting) {
    auto duckdb = find_duckdb(data, options.duckdb, why_no_reports_);
    if (!duckdb) return;
    reports_.emplace(live_, std::move(*duckdb), settings.time_zone, options.sql);
    incoming_.emplace(data, log, settings.rules, [this](const std::string& query, std::int64_t limit) {
        return reports_->rows(query, limit);
    });
}

Dashboard::~Dashboard() {
    if (reports_) reports_->stop();
    // Requests that have not begun get no response.
    for (Pool* pool : {&query_pool_, &write_pool_, &quick_pool_, &auth_pool_}) pool->threads.stop();
    for (Pool* pool : {&auth_pool_, &quick_pool_, &write_pool_, &query_pool_}) pool->threads.join();
}

/// Returns the response of `work`, or a response that describes its error.
std::optional<HttpResponse> Dashboard::attempt(const Work& work) {
    try {
        return work();
    } catch (const Error& error) {
        return problem(error.kind() == Error::Kind::usage ? 400 : 500, error.what());
    } catch (const std::exception& error) {
        spdlog::error("dashboard: {}", error.what());
        return problem(500, "the server failed to process the request", "The server's log says why.");
    }
}

/// Runs `work` on a thread of the pool, and responds with its result.
void Dashboard::answer_later(Pool& pool, const Respond& respond, Work work) {
    if (++pool.waiting > pool.max) {
        --pool.waiting;
        ++pool.refused;
        HttpResponse busy = problem(503, "too many requests are waiting", "Try again in a moment.");
        busy.headers.emplace_back("Retry-After", "1");
        return respond(std::move(busy));
    }
    boost::asio::post(pool.threads, [&pool, respond, work = std::move(work)] {
        auto response = attempt(work);
        --pool.waiting;
        if (response) respond(std::move(*response));
    });
}

HttpResponse Dashboard::refusal(Role has, const HttpRequest& request, Role required) const {
    if (has == Role::none) {
        HttpResponse response = problem(401, "authentication is required",
                                        "Log in, or send `Authorization: Bearer NAME:SECRET`.");
        return response;
    }
    return problem(
        403,
        fmt::format("{} {} requires the role {}", request.method, request.path, serve::role_name(required)),
        "An administrator can grant it: millrace access add NAME --role admin");
}

serve::Handle Dashboard::guarded(Role required, serve::Handle handle) {
    return [this, required, handle = std::move(handle)](const std::shared_ptr<HttpRequest>& request,
                                                        const Respond& respond) {
        if (access_.is_open() && !serve::names_this_machine(*request))
            return respond(problem(
                403, "while the access list is empty, this server only answers requests to its own names",
                "Use http://127.0.0.1, or add a user: millrace access add NAME"));
        if (request->method != "GET" && !serve::is_same_site(*request))
            return respond(problem(403, "the request comes from a page of another site"));
        const auto decide = [this, required, handle, request, respond] {
            const Role role = access_.role_of(*request);
            if (role < required) return respond(refusal(role, *request, required));
            handle(request, respond);
        };
        if (access_.knows(*request)) return decide();
        if (!access_.may_check(*request)) return respond(refusal(Role::none, *request, required));
        answer_later(auth_pool_, respond, [decide] {
            decide();
            return std::nullopt;
        });
    };
}

std::vector<serve::Route> Dashboard::routes() {
    using Make = HttpResponse (Dashboard::*)(const HttpRequest&);
    const auto later = [this](Make make, Pool& pool) {
        return [this, make, &pool](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
            answer_later(pool, respond, [this, make, request] { return (this->*make)(*request); });
        };
    };
    const auto feed = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        respond({.content_type = "text/event-stream", .feed = live_.feed(), .may_go_on = [this, request] {
                     return access_.knows(*request) && access_.role_of(*request) >= Role::read;
                 }});
    };
    const auto state = [this](const std::shared_ptr<HttpRequest>&, const Respond& respond) {
        answer_later(quick_pool_, respond, [this] { return answer(live_.state()); });
    };
    const auto page = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        if (pages_.empty())
            return respond(
                problem(404, "the pages of the dashboard are not built", "Build them: make build"));
        respond(pages_.answer(*request));
    };
    const auto send_about = [this, later](const std::shared_ptr<HttpRequest>& request,
                                          const Respond& respond) {
        if (access_.role_of(*request) == Role::none)
            return respond(answer({{"role", serve::role_name(Role::none)}, {"open", access_.is_open()}}));
        later(&Dashboard::about, quick_pool_)(request, respond);
    };
    const auto log_in = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        login(*request, respond);
    };
    const auto log_out = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        respond(logout(*request));
    };
    return {{"GET", "/v1/about", guarded(Role::none, send_about)},
            {"POST", "/v1/login", guarded(Role::none, log_in)},
            {"POST", "/v1/logout", guarded(Role::none, log_out)},
            {"GET", "/v1/live", guarded(Role::read, feed)},
            {"GET", "/v1/state", guarded(Role::read, state)},
            {"GET", "/v1/reports/*", guarded(Role::read, later(&Dashboard::report, query_pool_))},
            {"POST", "/v1/sql", guarded(Role::read, later(&Dashboard::sql, query_pool_))},
            {"POST", "/v1/quarantine/replay", guarded(Role::admin, later(&Dashboard::replay, write_pool_))},
            {"POST", "/v1/alerts/silence", guarded(Role::admin, later(&Dashboard::silence, write_pool_))},
            {"GET", "/*", page}};
}

void Dashboard::add_metrics(serve::MetricsText& text) const {
    const auto value = [&](std::int64_t count, std::string_view outcome) {
        text.value(static_cast<double>(count), {{"outcome", std::string(outcome)}});
    };
    live_.add_metrics(text);
    text.counter("millrace_sql_queries_total", "Queries of reports and of users, by outcome.");
    for (std::size_t i = 0; reports_ && i < serve::sql_outcome_count; ++i) {
        const auto outcome = static_cast<serve::SqlOutcome>(i);
        value(reports_->count(outcome), serve::sql_outcome_name(outcome));
    }
    value(query_pool_.refused, "busy");
    text.gauge("millrace_sql_waiting", "Queries that are running or waiting.");
    text.value(query_pool_.waiting);
    text.counter(
        "millrace_login_refused_total",
        "Passwords and tokens that were wrong, or that were not checked because too many wrong ones came "
        "before.");
    text.value(static_cast<double>(access_.counts().wrong), {{"reason", "wrong"}});
    text.value(static_cast<double>(access_.counts().limited), {{"reason", "limit"}});
}

/// Returns the settings that a page needs before it shows anything.
HttpResponse Dashboard::about(const HttpRequest& request) {
    const Role role = access_.role_of(request);
    json::object about{{"role", serve::role_name(role)}, {"open", access_.is_open()}};
    json::array silences;
    for (const publish::Silence& each : publish::read_silences(data_, base::wall_time()))
        silences.push_back(each.to_json());
    about["time_zone"] = settings_.time_zone;
    about["currency"] = settings_.rules.currency;
    about["interest_share"] = settings_.gold.interest_share;
    about["interest_conversion"] = settings_.gold.interest_conversion;
    about["silences"] = std::move(silences);
    about["data"] = live_.data_span();
    return answer(about);
}

void Dashboard::login(const HttpRequest& request, const Respond& respond) {
    const auto wrong = [] {
        return problem(401, "the name or the password is wrong", "After ten wrong attempts, wait a minute.");
    };
    auto response = attempt([&]() -> std::optional<HttpResponse> {
        const Body body(request);
        const std::string name = body.required_text("name");
        const std::string password = body.required_text("password");
        if (!access_.may_check(name, request.address)) return wrong();
        const bool secure = request.header("x-forwarded-proto") == "https";
        answer_later(auth_pool_, respond, [this, wrong, name, password, address = request.address, secure] {
            const auto session = access_.login(name, password, address);
            if (!session) return wrong();
            HttpResponse logged_in = answer({{"status", "logged in"}});
            logged_in.headers.emplace_back("Set-Cookie", serve::Access::cookie(*session, secure));
            return logged_in;
        });
        return std::nullopt;
    });
    if (response) respond(std::move(*response));
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
    return {
        .body = name == Incoming::name ? incoming_->make(request.query) : reports_->make(name, request.query),
        .headers = {{"Cache-Control", "no-store"}}};
}

HttpResponse Dashboard::sql(const HttpRequest& request) {
    if (!reports_) return problem(503, why_no_reports_);
    const Body body(request);
    const std::string query = body.required_text("query");
    const std::string form = body.text("format").value_or("json");
    const std::int64_t limit = body.integer("limit", 1, 10'000).value_or(1000);
    if (form == "csv") return {.content_type = "text/csv; charset=utf-8", .body = reports_->csv(query)};
    if (form == "parquet")
        return {.content_type = "application/vnd.apache.parquet", .body = reports_->parquet(query)};
    if (form != "json")
        throw usage_error(fmt::format("reading the format {}", form), "it must be json, csv or parquet");
    return {.body = reports_->rows(query, limit).to_json() + "\n",
            .headers = {{"Cache-Control", "no-store"}}};
}

/// Replays records of the quarantine after setting fields in them.
HttpResponse Dashboard::replay(const HttpRequest& request) {
    const Body body(request);
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    silver::QuarantineFilter filter{.rule = body.text("rule")};
    if (const auto partition = body.integer("partition", 0, std::numeric_limits<int>::max()))
        filter.partition = static_cast<int>(*partition);
    if (const auto offset = body.integer("offset", 0, any)) filter.offset = bronze::Offset(*offset);
    if (const auto item = body.integer("record_index", 0, std::numeric_limits<int>::max()))
        filter.record_index = static_cast<int>(*item);
    const auto* set = body.find("set");
    if (set == nullptr || !set->is_object() || set->get_object().empty())
        throw usage_error("replaying quarantined records", "`set` contains no field",
                          "Give the fix: {\"set\": {\"price\": 9.99}}");
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& [field, value] : set->get_object()) fields.emplace_back(field, json::serialize(value));
    const auto report = silver::replay_quarantine(data_, log_, filter, silver::fix_by_setting(fields));
    return answer({{"appended", report.appended},
                   {"already_replayed", report.already},
                   {"unchanged", report.unchanged},
                   {"unfixable", report.unfixable}});
}

HttpResponse Dashboard::silence(const HttpRequest& request) {
    const Body body(request);
    const std::string rule = body.required_text("rule");
    if (!gold::rule_of(rule)) throw unknown_rule(rule);
    const auto minutes = body.integer("minutes", 0, max_silence_minutes);
    if (!minutes) throw usage_error("silencing an alert", "`minutes` is missing; 0 ends a silence");
    const base::WallTime now = base::wall_time();
    const publish::Silence made{.rule = rule,
                                .subject = body.text("subject").value_or(""),
                                .until = now + std::chrono::minutes(*minutes)};
    publish::put_silence(data_, made, now);
    return answer(made.to_json());
}

}  // namespace millrace::api
