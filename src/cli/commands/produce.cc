#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/output/progress_line.h"
#include "cli/produce_options.h"
#include "model/timestamp.h"
#include "produce/simulator.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct ProduceOptions {
    produce::SimulatorOptions simulator;
    bool as_json = false;
};

json::object to_json(const produce::SimulatorReport& report, double seconds) {
    using produce::Action;
    json::object faults;
    for (std::size_t i = 0; i < produce::fault_count; ++i) {
        faults[std::string(produce::fault_name(static_cast<produce::Fault>(i)))] = report.faults.at(i);
    }
    return {{"records", report.records},
            {"page_view", report.of(Action::page_view)},
            {"view", report.of(Action::view)},
            {"add_to_cart", report.of(Action::add_to_cart)},
            {"purchase", report.of(Action::purchase)},
            {"duplicates", report.duplicates},
            {"invalid", report.invalid()},
            {"invalid_by_kind", std::move(faults)},
            {"seconds", seconds}};
}

void print(const produce::SimulatorReport& report, double seconds) {
    using produce::Action;
    const double rate = static_cast<double>(report.records) / std::max(seconds, 1e-9);
    fmt::print("{} in {:.1f} s ({} per second): ", base::format_counted(report.records, "record"), seconds,
               base::format_count(std::llround(rate)));
    fmt::print("{}, {}, {} add_to_cart, {}\n",
               base::format_counted(report.of(Action::page_view), "page view"),
               base::format_counted(report.of(Action::view), "view"),
               base::format_count(report.of(Action::add_to_cart)),
               base::format_counted(report.of(Action::purchase), "purchase"));
    if (report.duplicates > 0) fmt::print("  {}\n", base::format_counted(report.duplicates, "duplicate"));
    if (report.invalid() == 0) return;
    fmt::print("  {} invalid:\n", base::format_count(report.invalid()));
    for (std::size_t i = 0; i < produce::fault_count; ++i) {
        fmt::print("    {:<20} {}\n", produce::fault_name(static_cast<produce::Fault>(i)),
                   base::format_count(report.faults.at(i)));
    }
}

int produce_events(const Globals& globals, const ProduceOptions& options) {
    options.simulator.validate();
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto log = globals.open_or_create_log(&stop);
    produce::Simulator simulator(*log, options.simulator, log->records_numbered());
    const base::Stopwatch watch;
    produce::SimulatorReport report;
    {
        ProgressLine line;
        report = simulator.run(stop, [&](const produce::SimulatorReport& sent) {
            const double rate = static_cast<double>(sent.records) / std::max(watch.seconds(), 1e-9);
            line.show(
                fmt::format("{} records sent, {:.0f} per second", base::format_count(sent.records), rate));
        });
    }
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(to_json(report, watch.seconds())));
    } else {
        print(report, watch.seconds());
    }
    return 0;
}

}  // namespace

namespace {

/// Events per second; 0 for max. Nothing if the text is not a rate.
std::optional<double> rate_of(const std::string& text) {
    if (text == "max") return 0;
    double rate = 0;
    if (!CLI::detail::lexical_cast(text, rate) || !(rate > 0)) return std::nullopt;
    return rate;
}

bool is_rate(const std::string& text) {
    return rate_of(text).has_value();
}

}  // namespace

void add_simulator_options(CLI::App& command, produce::SimulatorOptions& options) {
    const std::string group = "Simulator";
    constexpr auto unbounded = std::numeric_limits<std::int64_t>::max();
    command
        .add_option_function<std::string>(
            "--rate", [&options](const std::string& text) { options.rate = rate_of(text).value(); },
            "Number of events per second. max sends as fast as the log accepts them.")
        ->type_name("RATE")
        ->default_str(options.rate == 0 ? "max" : fmt::format("{}", options.rate))
        ->check(must_be("a number of events per second above 0, or max", is_rate))
        ->group(group);
    add_duration(command, "--duration", options.duration, "Time for which events are sent.")->group(group);
    add_number(command, "--count", options.count, 0, unbounded,
               "Number of records to send, regardless of the duration.")
        ->group(group);
    add_number(command, "--users", options.users, 1, 10'000'000, "Number of visitors of the shop.")
        ->group(group);
    add_number(command, "--products", options.products, 1, 10'000'000, "Number of products in the shop.")
        ->group(group);
    add_number(command, "--seed", options.seed, 0, unbounded,
               "Seed for the random records. The same seed gives the same records.")
        ->group(group);
    add_share(command, "--duplicates", options.duplicates, "Share of records that repeat an earlier one.")
        ->group(group);
    add_share(command, "--invalid", options.invalid, "Share of records that break a validation rule.")
        ->group(group);
    add_duration(command, "--span", options.span,
                 "Period ending now over which the event times are spread. Requires --count.")
        ->group(group);
    add_time(command, "--start-time", options.start_time,
             "Time at which events and log times begin, instead of now.")
        ->group(group);
}

void add_produce_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ProduceOptions>();
    CLI::App* command = app.add_subcommand("produce", "Send the events of a simulated shop to the log.");
    add_simulator_options(*command, options->simulator);
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return produce_events(globals, *options); };
    });
}

}  // namespace millrace::cli
