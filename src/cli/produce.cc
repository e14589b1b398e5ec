#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/produce_options.h"
#include "cli/progress_line.h"
#include "model/timestamp.h"
#include "produce/simulator.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct Options {
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
    fmt::print("{} records in {:.1f} s ({} a second): ", base::format_count(report.records), seconds,
               base::format_count(std::llround(rate)));
    fmt::print("{} page views, {} views, {} add_to_cart, {} purchases\n",
               base::format_count(report.of(Action::page_view)), base::format_count(report.of(Action::view)),
               base::format_count(report.of(Action::add_to_cart)),
               base::format_count(report.of(Action::purchase)));
    if (report.duplicates > 0) fmt::print("  {} duplicates\n", base::format_count(report.duplicates));
    if (report.invalid() == 0) return;
    fmt::print("  {} invalid:\n", base::format_count(report.invalid()));
    for (std::size_t i = 0; i < produce::fault_count; ++i) {
        fmt::print("    {:<20} {}\n", produce::fault_name(static_cast<produce::Fault>(i)),
                   base::format_count(report.faults.at(i)));
    }
}

int produce_events(const Globals& globals, const Options& options) {
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
                fmt::format("{} records sent, {:.0f} a second", base::format_count(sent.records), rate));
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

void add_simulator_options(CLI::App& command, produce::SimulatorOptions& options) {
    const std::string group = "Simulator";
    command
        .add_option_function<std::string>(
            "--rate",
            [&options](const std::string& text) {
                options.rate = text == "max"                                   ? 0
                               : CLI::detail::lexical_cast(text, options.rate) ? options.rate
                                                                               : -1;
                if (text != "max" && !(options.rate > 0)) {
                    throw usage_error(fmt::format("reading the rate \"{}\"", text),
                                      "it must be above 0, or max");
                }
            },
            "events a second, or max")
        ->type_name("RATE")
        ->default_str(fmt::format("{}", options.rate))
        ->group(group);
    add_duration(command, "--duration", options.duration, "how long to send")->group(group);
    command.add_option("--count", options.count, "how many records to send, whatever the duration")
        ->group(group);
    command.add_option("--users", options.users, "visitors of the shop")->capture_default_str()->group(group);
    command.add_option("--products", options.products, "products of the shop")
        ->capture_default_str()
        ->group(group);
    command.add_option("--seed", options.seed, "the same seed sends the same records")->group(group);
    add_share(command, "--duplicates", options.duplicates, "share of records that repeat an earlier one")
        ->group(group);
    add_share(command, "--invalid", options.invalid, "share of records that break a rule, of each kind")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--span", [&options](const std::string& text) { options.span = base::parse_duration(text); },
            "spread the events' times over this long, ending now (with --count)")
        ->type_name("DURATION")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--start-time",
            [&options](const std::string& text) {
                options.start_time = model::parse_timestamp(text);
                if (!options.start_time) {
                    throw usage_error("reading --start-time",
                                      "it is not a timestamp such as 2019-10-01T00:00:00Z");
                }
            },
            "time of the first event, for events and log alike, instead of now")
        ->type_name("TIMESTAMP")
        ->group(group);
}

void add_produce_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("produce", "send a made-up shop's events to the log");
    add_simulator_options(*command, options->simulator);
    command->add_flag("--json", options->as_json, "report as one JSON object");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return produce_events(globals, *options); };
    });
}

}  // namespace millrace::cli
