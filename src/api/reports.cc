#include "api/reports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "api/spreadsheet_csv.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/scratch_folder.h"
#include "serve/sql_files.h"

namespace millrace::api {

namespace {

using std::chrono::steady_clock;

constexpr auto report_ttl = std::chrono::milliseconds(4000);
constexpr std::int64_t max_report_rows = 5000;

enum class Type { integer, text };

/// A parameter of reports.
struct Parameter {
    std::string_view name;
    Type type;
    std::string otherwise;                    ///< the value if none is given
    std::vector<std::string_view> choices{};  ///< the allowed values; empty: any value
};

const std::vector<Parameter>& parameters() {
    static const std::vector<Parameter> known = {
        {"from", Type::integer, "0"},
        {"to", Type::integer, "253402300799000"},
        {"limit", Type::integer, "500"},
        {"grain", Type::text, "hour", {"minute", "hour", "day"}},
        {"product", Type::text, ""},
        {"user", Type::text, ""},
        {"after", Type::integer, "0"},
        {"rule", Type::text, ""},
        {"kind", Type::text, "", {"", "converted", "abandoned", "bounced"}},
        {"by", Type::text, "", {"", "hour", "day", "device", "category"}},
        {"order", Type::text, ""},
        {"group", Type::text, "channel", {"channel", "source", "campaign", "landing_page"}},
        {"search", Type::text, ""},
        {"state", Type::text, "", {"", "incomplete", "cancelled", "refunded", "over_refunded", "repeated"}},
        {"measure", Type::text, "free", {"free", "strict"}},
    };
    return known;
}

/// Joins the names of some items by commas.
std::string join_names(const auto& items, auto name) {
    std::string names;
    for (const auto& item : items)
        fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ", item.*name);
    return names;
}

/// Returns a value as an SQL literal. Throws a usage Error if it is invalid.
std::string literal(const Parameter& parameter, std::string_view value) {
    const std::string doing = fmt::format("reading the parameter {}", parameter.name);
    if (parameter.type == Type::integer) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc() || end != value.data() + value.size() || number < 0)
            throw usage_error(doing, "it is not a whole number of at least 0",
                              "Times are milliseconds since 1970: 1569888000000 is 1 Oct 2019, 00:00 UTC.");
        return std::to_string(number);
    }
    if (!parameter.choices.empty() && std::ranges::find(parameter.choices, value) == parameter.choices.end())
        throw usage_error(doing, fmt::format("it must be one of: {}", fmt::join(parameter.choices, ", ")));
    if (value.find('\0') != std::string_view::npos) throw usage_error(doing, "it contains a NUL character");
    std::string quoted = "'";
    for (const char c : value) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return quoted + "'";
}

/// Returns the query of a report with its parameters inserted.
std::string query_of(std::string_view name, const Reports::Parameters& given) {
    const auto& files = serve::report_queries();
    const auto file = std::ranges::find(files, name, &serve::SqlFile::name);
    if (file == files.end())
        throw usage_error(fmt::format("running the report {}", name), "there is no report of this name",
                          fmt::format("The reports are: {}.", join_names(files, &serve::SqlFile::name)));
    for (const auto& [key, value] : given) {
        if (std::ranges::find(parameters(), key, &Parameter::name) == parameters().end())
            throw usage_error(
                fmt::format("running the report {}", name), fmt::format("reports have no parameter {}", key),
                fmt::format("The parameters are: {}.", join_names(parameters(), &Parameter::name)));
    }
    std::map<std::string_view, std::string> literals;
    for (const Parameter& each : parameters()) {
        const auto found = given.find(each.name);
        literals[each.name] = literal(each, found == given.end() ? each.otherwise : found->second);
    }
    // The parameters are replaced in one pass, so that the text of a value is never taken for a parameter.
    std::string query;
    for (std::string_view rest = file->sql; !rest.empty();) {
        const auto dollar = std::min(rest.find('$'), rest.size());
        query += rest.substr(0, dollar);
        rest.remove_prefix(std::min(dollar + 1, rest.size()));
        const auto parameter =
            std::ranges::find_if(literals, [&](const auto& each) { return rest.starts_with(each.first); });
        if (parameter == literals.end()) continue;
        query += parameter->second;
        rest.remove_prefix(parameter->first.size());
    }
    return query;
}

serve::SqlLimits with_stop(serve::SqlLimits limits, const base::StopSignal& stop) {
    limits.stop = &stop;
    return limits;
}

/// Reports use one thread each, so that several can run at the same time.
serve::SqlLimits for_reports(serve::SqlLimits limits) {
    limits.threads = 1;
    limits.rows = max_report_rows;
    return limits;
}

}  // namespace

Reports::Reports(LiveView& live, serve::DuckDb duckdb, std::string time_zone, const serve::SqlLimits& limits)
    : live_(live),
      duckdb_(std::move(duckdb)),
      time_zone_(std::move(time_zone)),
      limits_(with_stop(limits, stop_)),
      report_limits_(for_reports(limits_)) {}

std::string Reports::run(const std::string& query) {
    const auto found = duckdb_.rows(query, live_.views(query), time_zone_, report_limits_);
    return found.to_json({{"time", base::to_ms(base::wall_time())}});
}

std::string Reports::make(std::string_view name, const Parameters& parameters) {
    const std::string query = query_of(name, parameters);
    {
        const base::MutexLock lock(mutex_);
        for (auto known = known_.find(query); known != known_.end(); known = known_.find(query)) {
            if (known->second.text && steady_clock::now() - known->second.at < report_ttl)
                return *known->second.text;
            if (known->second.text) break;
            made_.wait(mutex_);
        }
        std::erase_if(known_, [](const auto& each) {
            return each.second.text != nullptr && steady_clock::now() - each.second.at >= report_ttl;
        });
        known_[query] = {};
    }
    std::shared_ptr<const std::string> text;
    try {
        text = std::make_shared<const std::string>(run(query));
    } catch (...) {
        const base::MutexLock lock(mutex_);
        known_.erase(query);
        made_.notify_all();
        throw;
    }
    const base::MutexLock lock(mutex_);
    known_[query] = {steady_clock::now(), text};
    made_.notify_all();
    return *text;
}

serve::SqlRows Reports::rows(std::string_view query, std::int64_t limit) {
    serve::SqlLimits limits = limits_;
    limits.rows = limit;
    return duckdb_.rows(query, live_.views(query), time_zone_, limits);
}

std::string Reports::csv(std::string_view query) {
    std::string text;
    duckdb_.csv(query, live_.views(query), time_zone_, limits_,
                [&](std::string_view piece) { text += piece; });
    return without_formulas(text);
}

std::string Reports::parquet(std::string_view query) {
    const base::ScratchFolder folder(live_.folder().parent_path());
    const auto path = folder.path() / "result.parquet";
    duckdb_.parquet(query, live_.views(query), time_zone_, limits_, path);
    return base::read_file(path);
}

}  // namespace millrace::api
