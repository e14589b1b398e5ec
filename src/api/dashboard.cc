#include "api/dashboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>

#include "base/clock.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "gold/alerts/alert_rules.h"
#include "publish/silences.h"
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

/// The request's body, a JSON object. What isn't as it must be throws a usage Error.
class Body {
  public:
    explicit Body(const HttpRequest& request) {
        if (!request.header("content-type").starts_with("application/json"))
            throw usage_error(doing, "its Content-Type isn't application/json");
        boost::system::error_code broken;
        const auto parsed = json::parse(request.body, broken);
        if (broken) throw usage_error(doing, fmt::format("its body is no JSON: {}", broken.message()));
        if (!parsed.is_object()) throw usage_error(doing, "it is no JSON object");
        fields_ = parsed.as_object();
    }

    [[nodiscard]] const json::value* find(std::string_view name) const { return fields_.if_contains(name); }
    /// A text, or nothing where it is absent.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_string()) throw usage_error(doing, fmt::format("`{}` is no text", name));
        return std::string(value->get_string());
    }
    [[nodiscard]] std::string required_text(std::string_view name) const {
        const auto found = text(name);
        if (!found) throw usage_error(doing, fmt::format("`{}` is missing", name));
        return *found;
    }
    /// A whole number within bounds, or nothing where it is absent.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                                      std::int64_t most) const {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        boost::system::error_code inexact;
        const auto number = value->is_number() ? value->to_number<std::int64_t>(inexact) : least - 1;
        if (!value->is_number() || inexact || number < least || number > most)
            throw usage_error(doing, fmt::format("`{}` is no whole number from {} to {}", name, least, most));
        return number;
    }

  private:
    static constexpr const char* doing = "reading the request";

    json::object fields_;
};

/// The pages' folder: the one that is named, the one that was installed with the program, or where they were
/// built.
std::filesystem::path find_pages(const std::filesystem::path& given) {
    if (!given.empty()) return given;
    std::error_code unknown;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    auto installed = program.parent_path().parent_path() / "share" / "millrace" / "web";
    return std::filesystem::exists(installed) ? installed : std::filesystem::path(MILLRACE_PAGES);
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
                     gold::OpenWindowsChannel* open, LiveView::Status status)
    : data_(data),
      log_(log),
      settings_(settings),
      access_(serve::AccessList::load(data.access())),
      pages_(find_pages(options.pages)),
      live_(data, open, std::move(status)),
      query_pool_(options.sql_queries, options.sql_waiting) {
    if (auto duckdb = find_duckdb(data, options.duckdb, why_no_reports_))
        reports_.emplace(live_, std::move(*duckdb), settings.time_zone, options.sql);
}

Dashboard::~Dashboard() {
    if (reports_) reports_->stop();
    for (Pool* pool : {&query_pool_, &write_pool_, &receptionists_, &auth_pool_})
        pool->threads.stop();  // what hasn't begun goes unanswered
    for (Pool* pool : {&auth_pool_, &receptionists_, &write_pool_, &query_pool_}) pool->threads.join();
}

/// What `work` returns; an answer that says what is wrong, where it throws.
std::optional<HttpResponse> Dashboard::attempt(const Work& work) {
    try {
        return work();
    } catch (const Error& error) {
        return problem(error.kind() == Error::Kind::usage ? 400 : 500, error.what());
    } catch (const std::exception& error) {
        spdlog::error("dashboard: {}", error.what());
        return problem(500, "the server failed at this", "Its log says why.");
    }
}

/// Runs `work` on another thread, since it takes its time, and answers with what it returns.
void Dashboard::answer_later(Pool& pool, const Respond& respond, Work work) {
    if (++pool.waiting > pool.max) {
        --pool.waiting;
        ++pool.refused;
        HttpResponse busy = problem(503, "too many requests of this kind wait", "Try again in a moment.");
        busy.headers.emplace_back("Retry-After", "1");
        return respond(std::move(busy));
    }
    boost::asio::post(pool.threads, [&pool, respond, work = std::move(work)] {
        auto response = attempt(work);
        --pool.waiting;
        if (response) respond(std::move(*response));
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
        if (!access_.may_check(*request)) return respond(refusal(*request, Role::none, least));
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
        answer_later(receptionists_, respond, [this] { return answer(live_.state()); });
    };
    const auto page = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        if (pages_.empty())
            return respond(problem(404, "there are no pages: they weren't built", "See: make build"));
        respond(pages_.answer(*request));
    };
    const auto tell_about = [this, later](const std::shared_ptr<HttpRequest>& request,
                                          const Respond& respond) {
        if (access_.role_of(*request) == Role::none)
            return respond(answer({{"role", serve::role_name(Role::none)}, {"open", access_.is_open()}}));
        later(&Dashboard::about, receptionists_)(request, respond);
    };
    const auto log_in = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        login(*request, respond);
    };
    const auto log_out = [this](const std::shared_ptr<HttpRequest>& request, const Respond& respond) {
        respond(logout(*request));
    };
    return {{"GET", "/v1/about", guarded(Role::none, tell_about)},
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
    text.counter("millrace_sql_queries_total", "Queries, of reports and of users, by how they ended.");
    for (std::size_t i = 0; reports_ && i < serve::sql_outcome_count; ++i) {
        const auto outcome = static_cast<serve::SqlOutcome>(i);
        value(reports_->count(outcome), serve::sql_outcome_name(outcome));
    }
    value(query_pool_.refused, "busy");
    text.gauge("millrace_sql_waiting", "Queries that run or wait for their turn.");
    text.value(query_pool_.waiting);
    text.counter("millrace_login_refused_total",
                 "Passwords and tokens that were wrong, or weren't checked after too many wrong ones.");
    text.value(static_cast<double>(access_.counts().wrong), {{"reason", "wrong"}});
    text.value(static_cast<double>(access_.counts().limited), {{"reason", "limit"}});
}

/// What a page needs to know before it shows anything.
HttpResponse Dashboard::about(const HttpRequest& request) {
    const Role role = access_.role_of(request);
    json::object about{{"role", serve::role_name(role)}, {"open", access_.is_open()}};
    json::array silences;
    for (const publish::Silence& each : publish::read_silences(data_, base::now_ms()))
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
        return problem(401, "name or password is wrong", "After ten wrong ones, wait a minute.");
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
    return {.body = reports_->make(name, request.query), .headers = {{"Cache-Control", "no-store"}}};
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

/// Records of the quarantine, mended by setting fields, into the log again.
HttpResponse Dashboard::replay(const HttpRequest& request) {
    const Body body(request);
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    silver::QuarantineFilter filter{.rule = body.text("rule")};
    if (const auto partition = body.integer("partition", 0, std::numeric_limits<int>::max()))
        filter.partition = static_cast<int>(*partition);
    filter.offset = body.integer("offset", 0, any);
    const auto* set = body.find("set");
    if (set == nullptr || !set->is_object() || set->get_object().empty())
        throw usage_error("replaying quarantined records", "`set` names no field",
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
    if (!gold::rule_of(rule))
        throw usage_error(fmt::format("silencing the rule {}", rule), "there is none of this name");
    const auto minutes = body.integer("minutes", 0, max_silence_minutes);
    if (!minutes) throw usage_error("silencing an alert", "`minutes` is missing; 0 ends a silence");
    const std::int64_t now = base::now_ms();
    const publish::Silence made{
        .rule = rule, .subject = body.text("subject").value_or(""), .until_ms = now + *minutes * 60'000};
    publish::put_silence(data_, made, now);
    return answer(made.to_json());
}

}  // namespace millrace::api
