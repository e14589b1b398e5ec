#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/command.h"
#include "cli/output/text_table.h"
#include "gold/stage/late_days.h"
#include "model/time_zone.h"
#include "verify/freshness.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct FreshnessOptions {
    std::string layer = "gold";
    std::optional<model::Timestamp> until;
    std::string day;
    bool as_json = false;
};

/// What a caller waits for: all events before `until`, and in Gold also the corrections and sessions of
/// `day`.
struct Goal {
    std::string layer;
    model::Timestamp until;
    std::optional<std::int64_t> day;
};

std::optional<Goal> goal_of(const FreshnessOptions& options, const model::TimeZone& zone) {
    if (options.day.empty())
        return options.until ? std::optional(Goal{options.layer, *options.until, std::nullopt})
                             : std::nullopt;
    const auto day = model::parse_day(options.day);
    if (!day)
        throw usage_error("reading --day", fmt::format("{} is not a day", options.day),
                          "Write it as 2026-01-31.");
    return Goal{options.layer, zone.day_start(*day + 1), day};
}

/// The first day that Gold has not corrected yet, and that the goal is about. Nothing if there is none.
std::optional<std::string> waiting_day(const verify::Freshness& freshness, const Goal& goal,
                                       const model::TimeZone& zone) {
    for (const verify::WaitingDay& each : freshness.waiting) {
        const auto day = model::parse_day(each.day);
        const bool concerns =
            goal.day ? day == goal.day : each.events > 0 && day && zone.day_start(*day) < goal.until;
        if (concerns) return each.day;
    }
    return std::nullopt;
}

/// Why the goal is not reached. Empty if it is.
std::string missing(const verify::Freshness& freshness, const Goal& goal, const model::TimeZone& zone) {
    const auto& found = goal.layer == "silver" ? freshness.silver : freshness.gold;
    const std::string until = model::format_timestamp(goal.until);
    if (!found.up_to) return fmt::format("it is not known how far {} has come; wanted {}", goal.layer, until);
    if (*found.up_to < goal.until)
        return fmt::format("{} is complete up to {}; wanted {}", goal.layer,
                           model::format_timestamp(*found.up_to), until);
    if (goal.layer == "silver") return "";
    if (const auto day = waiting_day(freshness, goal, zone))
        return fmt::format("the rows of {} lack late events until they are corrected", *day);
    if (goal.day && *goal.day >= gold::first_unsealed_day(*found.up_to, zone))
        return fmt::format("sessions of {} may still go on; they are over when Gold has come to {}",
                           model::format_day(*goal.day),
                           model::format_timestamp(zone.day_start(*goal.day + 2)));
    return "";
}

void print_text(const verify::Freshness& freshness) {
    TextTable table = TextTable::of(
        {text_column("layer"), text_column("up_to"), text_column("behind"), number_column("silver_version")});
    const auto add = [&](const char* layer, const verify::LayerFreshness& found, const char* unit) {
        table.add({layer, found.up_to ? json::value(model::format_timestamp(*found.up_to)) : json::value(),
                   fmt::format("{} {}", found.behind, unit),
                   found.version < 0 ? json::value() : json::value(found.version)});
    };
    add("silver", freshness.silver, "records");
    add("gold", freshness.gold, "versions");
    print_table(table, false);
    for (const verify::WaitingDay& each : freshness.waiting)
        fmt::print("the rows of {} lack late events until they are corrected\n", each.day);
}

int run_freshness(const Globals& globals, const FreshnessOptions& options) {
    const catalog::DataDirectory data = globals.data_directory();
    const model::TimeZone zone(data.settings().time_zone);
    const auto goal = goal_of(options, zone);
    const auto log = globals.open_log();
    const auto freshness = verify::read_freshness(data, *log);
    const std::string lacks = goal ? missing(freshness, *goal, zone) : "";
    if (options.as_json) {
        json::object report = freshness.to_json();
        if (goal) {
            report["layer"] = options.layer;
            report["until"] = model::format_timestamp(goal->until);
            report["complete"] = lacks.empty();
            report["missing"] = lacks.empty() ? json::value() : json::value(lacks);
        }
        fmt::print("{}\n", json::serialize(report));
    } else {
        print_text(freshness);
        if (goal)
            fmt::print("{}\n", lacks.empty() ? fmt::format("{} has all events before {}", options.layer,
                                                           model::format_timestamp(goal->until))
                                             : lacks);
    }
    return lacks.empty() ? 0 : 1;
}

}  // namespace

void add_freshness_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<FreshnessOptions>();
    CLI::App* command = app.add_subcommand("freshness",
                                           "Show up to which time the tables are complete. The exit code is "
                                           "1 if that is before --until or --day.");
    add_choice(*command, "--layer", options->layer, {"silver", "gold"},
               "Layer that --until and --day are about.");
    CLI::Option* until = add_time(*command, "--until", options->until, "Expect all events before this time.");
    add_value(*command, "--day", options->day, "DAY",
              "Expect all events of this day in the shop's time zone, and in Gold also its corrections and "
              "sessions.")
        ->excludes(until);
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_freshness(globals, *options); };
    });
}

}  // namespace millrace::cli
