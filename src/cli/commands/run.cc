#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "base/json.h"
#include "cli/alert_config.h"
#include "cli/command.h"
#include "cli/commands/verify_report.h"
#include "cli/gold_options.h"
#include "cli/output/terminal.h"
#include "cli/produce_options.h"
#include "cli/serve_options.h"
#include "cli/silver_options.h"
#include "pipeline/run.h"
#include "verify/verify.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct RunOptions {
    pipeline::RunOptions run;
    produce::SimulatorOptions simulator;
    SettingsOptions settings;
    gold::GoldStageOptions gold;
    ServeOptions serve;
    bool no_simulator = false;
    bool no_gold = false;
    bool no_http = false;
    bool as_json = false;
};

constexpr std::size_t shown_batches = 5;

/// Shows the live status: rewritten in place on a terminal, otherwise a line every five seconds.
class StatusView {
  public:
    void show(const pipeline::RunStatus& status) {
        if (terminal_) {
            erase();
            fmt::print("{}", screen(status));
            lines_ = 4 + static_cast<int>(std::min(status.last_batches.size(), shown_batches));
        } else if (status.seconds >= next_line_) {
            next_line_ += 5;
            fmt::print("{}\n", summary(status));
        }
        std::fflush(stdout);
    }
    void erase() {
        if (lines_ > 0) fmt::print("\x1b[{}A\x1b[J", lines_);
        lines_ = 0;
    }

  private:
    static std::string summary(const pipeline::RunStatus& status) {
        return fmt::format(
            "{:5.0f} s  {:.0f} events/s  received {}  silver {}  duplicates {}  quarantined {}  lag {}",
            status.seconds, status.events_per_second, base::format_count(status.received),
            base::format_count(status.silver), base::format_count(status.duplicates),
            base::format_count(status.quarantined), base::format_count(status.lag));
    }
    static std::string screen(const pipeline::RunStatus& status) {
        std::string text = fmt::format("  {:>6.0f} s running        {:>12.0f} events/s\n", status.seconds,
                                       status.events_per_second);
        text += fmt::format("  {:>12} received       {:>12} in silver       {:>9} lag\n",
                            base::format_count(status.received), base::format_count(status.silver),
                            base::format_count(status.lag));
        text += fmt::format("  {:>12} duplicates     {:>12} quarantined\n\n",
                            base::format_count(status.duplicates), base::format_count(status.quarantined));
        const auto& all = status.last_batches;
        for (const auto& batch : all | std::views::drop(all.size() - std::min(all.size(), shown_batches))) {
            text += fmt::format(
                "  batch {:>4}: {:>9} received, {:>9} in silver, {:>5.0f} ms to commit, version {}\n",
                batch.batch, base::format_count(batch.received), base::format_count(batch.silver),
                (batch.encode_seconds + batch.quarantine_seconds + batch.commit_seconds) * 1e3,
                batch.version);
        }
        return text;
    }

    bool terminal_ = ::isatty(STDOUT_FILENO) != 0;
    int lines_ = 0;
    double next_line_ = 5;
};

/// The percentiles of latencies in ms.
json::object percentiles(std::vector<double> ms) {
    if (ms.empty()) return {};
    std::ranges::sort(ms);
    const auto at = [&](double share) {
        return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"max", ms.back()}};
}

json::object to_json(const pipeline::RunStatus& status, const verify::VerifyReport& verified,
                     const std::string& data) {
    return {{"seconds", status.seconds},
            {"sent", status.sent},
            {"silver", status.silver},
            {"duplicates", status.duplicates},
            {"quarantined", status.quarantined},
            {"lag", status.lag},
            {"gold_latency_ms", percentiles(status.gold_latency_ms)},
            {"data", data},
            {"gold", status.gold ? json::value(status.gold->to_json()) : json::value()},
            {"verify", verified.to_json()}};
}

int run(const Globals& globals, RunOptions& options) {
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    data.adopt(settings);
    const auto log =
        options.no_simulator ? globals.open_or_create_intake_log(stop) : globals.open_or_create_log(&stop);
    options.simulator.validate();
    if (!options.no_simulator) options.run.simulator = options.simulator;
    read_alert_config(globals.config, options.gold.alert_rules, options.run.publish.alert_sinks);
    // A run that ends by itself publishes its open windows, so that even a short run leaves rows in the
    // tables.
    options.gold.close = !options.no_simulator || options.run.duration;
    if (!options.no_gold) options.run.gold = options.gold;
    if (!options.no_http) options.run.server = options.serve.free_or_nothing();
    options.run.on_serving = [&](const std::string& url) {
        if (!options.as_json)
            fmt::print(
                "the dashboard is at {0}, a demo shop at {0}/shop/, the event intake at {0}/v1/events\n",
                url);
        std::fflush(stdout);
    };
    if (!options.as_json) {
        fmt::print("running {}{}; press Ctrl-C to stop\n",
                   options.no_simulator ? "until stopped"
                                        : "for " + base::format_duration(options.simulator.duration),
                   options.no_simulator
                       ? ""
                       : fmt::format(", with a simulated shop of {:.0f} events/s", options.simulator.rate));
        std::fflush(stdout);
    }
    StatusView view;
    const auto show = [&](const pipeline::RunStatus& now) {
        if (!options.as_json) view.show(now);
    };
    const auto status = pipeline::PipelineRun(data, *log, settings, options.run).run(stop, show);
    const auto verified = verify::verify_tables(data, *log);
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(to_json(status, verified, data.root().string())));
        return verified.passed() ? 0 : 1;
    }
    view.show(status);
    fmt::print("\n{} sent, {}, {}, {} quarantined\n\n", base::format_counted(status.sent, "record"),
               base::format_counted(status.silver, "silver row"),
               base::format_counted(status.duplicates, "duplicate"), base::format_count(status.quarantined));
    if (status.gold) fmt::print("{}\n", shown_lines(status.gold->text()));
    const int code = print_verify_report(verified);
    fmt::print(
        "\nThe data is stored in {0}:\n"
        "  bronze      {1}\n"
        "  silver      {2} (a Delta Lake table)\n"
        "  quarantine  {3}\n"
        "  gold        {4} (several tables: millrace --data {0} gold list)\n"
        "Next: millrace --data {0} show silver, or millrace --data {0} show gold.kpis\n",
        data.root().string(), globals.bronze_place(), data.silver().string(), data.quarantine().string(),
        data.gold().string());
    return code;
}

}  // namespace

void add_run_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<RunOptions>();
    options->simulator.duplicates = 0.005;
    options->simulator.invalid = 0.005;
    CLI::App* command = app.add_subcommand(
        "run", "Run the whole pipeline in one process: simulator, log, silver, gold and dashboard.");
    command->add_flag("--no-simulator", options->no_simulator,
                      "Process only events from other sources, until stopped.");
    add_simulator_options(*command, options->simulator);
    add_silver_options(*command, options->run.silver);
    options->serve.add_to(*command);
    command->add_flag("--no-http", options->no_http, "Do not run the HTTP server.")->group("HTTP");
    command->add_flag("--no-gold", options->no_gold, "Do not compute the gold tables.")->group("Gold");
    add_gold_options(*command, options->gold, options->run.publish);
    options->settings.add_to(*command);
    command->add_flag("--json", options->as_json, "Print the result as a JSON object at the end.");
    command->callback([&globals, options, command] {
        // Without the simulator, only --duration makes the run end by itself.
        if (options->no_simulator && command->count("--duration") > 0)
            options->run.duration = options->simulator.duration;
        globals.action = [&globals, options] { return run(globals, *options); };
    });
}

}  // namespace millrace::cli
