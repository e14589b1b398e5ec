#include <fmt/format.h>

#include <optional>

#include "api/server.h"
#include "base/json.h"
#include "base/units.h"
#include "cli/alert_config.h"
#include "cli/command.h"
#include "cli/output/progress_line.h"
#include "cli/output/terminal.h"
#include "pipeline/load.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct LoadOptions {
    pipeline::LoadOptions load;
    std::vector<std::string> files;
    std::string format;
    api::ServerOptions server;
    SettingsOptions settings;
    bool serve = false;
    bool as_json = false;
};

/// Shows a progress line for each phase.
class LoadView {
  public:
    using Phase = pipeline::LoadProgress::Phase;

    void show(const pipeline::LoadProgress& progress) {
        if (!line_ || progress.phase != phase_) {
            phase_ = progress.phase;
            line_.emplace();
        }
        const std::string records = base::format_count(progress.records);
        switch (progress.phase) {
            case Phase::import:
                return line_->show_bar(progress.share, fmt::format("{}: {} records", progress.file, records));
            case Phase::silver:
                return line_->show_bar(progress.share, fmt::format("silver: {} records cleaned", records));
            case Phase::gold:
                return line_->show("gold: computing metrics, sessions and funnels");
        }
    }
    void end() { line_.reset(); }

  private:
    std::optional<ProgressLine> line_;
    Phase phase_ = Phase::import;
};

void print(const pipeline::LoadReport& report) {
    for (const auto& file : report.files)
        fmt::print("{} ({}): {}\n", file.path, produce::file_format_name(file.format),
                   base::format_counted(file.report.records, "record"));
    fmt::print("{}, {}", base::format_counted(report.rows, "new row"),
               base::format_counted(report.duplicates, "duplicate"));
    if (report.days)
        fmt::print(", days {} to {}", model::format_day(report.days->from),
                   model::format_day(report.days->to));
    fmt::print("\n");
    for (const auto& [rule, broken] : report.quarantined)
        fmt::print("  {} quarantined: {} ({})\n    the first: {}\n", base::format_count(broken.records), rule,
                   broken.reason, shown_lines(broken.example));
    if (!report.quarantined.empty())
        fmt::print("  list and correct the quarantined records with: millrace quarantine\n");
    if (report.is_gold_elsewhere)
        fmt::print("another process runs Gold on this data and processes the new rows\n");
    if (report.is_stopped)
        fmt::print("stopped before the end: load the files again to continue; no event is added twice\n");
}

std::string serve_command(const Globals& globals) {
    return globals.data == "data" ? "millrace serve" : fmt::format("millrace --data {} serve", globals.data);
}

/// Serves the dashboard until it is stopped.
void serve(const Globals& globals, const LoadOptions& options, bronze::EventLog& log,
           const model::ShopSettings& settings, const std::string& path, const base::StopSignal& stop) {
    const auto data = globals.data_directory();
    const api::Server server(data, log, settings, options.server);
    fmt::print("the dashboard is at {}{}; press Ctrl-C to stop\n", server.url(), path);
    std::fflush(stdout);
    while (!stop.wait_for(std::chrono::hours(1))) {
    }
}

int run_load(const Globals& globals, LoadOptions& options) {
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    options.load.files.assign(options.files.begin(), options.files.end());
    if (!options.format.empty()) options.load.format = produce::parse_file_format(options.format);
    options.load.publish.alert_sinks.log.enabled = false;  // alerts appear on the dashboard
    read_alert_config(globals.config, options.load.gold.alert_rules, options.load.publish.alert_sinks);
    data.adopt(settings);
    const auto log = globals.open_or_create_log();
    LoadView view;
    const auto report = pipeline::load(data, *log, settings, options.load, stop,
                                       [&](const pipeline::LoadProgress& progress) { view.show(progress); });
    view.end();
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(report.to_json()));
        return 0;
    }
    print(report);
    const std::string path = pipeline::dashboard_path(report.days);
    if (report.is_stopped) return 0;
    if (options.serve) {
        serve(globals, options, *log, settings, path, stop);
    } else {
        fmt::print("Next: {}, then open http://{}:{}{}\n", serve_command(globals),
                   options.server.http.address, options.server.http.port, path);
    }
    return 0;
}

}  // namespace

void add_load_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<LoadOptions>();
    CLI::App* command =
        app.add_subcommand("load", "Load files into the dashboard in one step: import, silver and gold.");
    command->add_option("files", options->files, "Files to load: uncompressed, .gz or .zst.")
        ->type_name("FILE")
        ->required();
    add_choice(*command, "--format", options->format, {"events", "segment", "ga4", "rees46", "retailrocket"},
               "Format of the files: events are JSON lines; rees46 and retailrocket are the CSV files of "
               "these data sets. (default: detected for each file)");
    add_value(*command, "--price-file", options->load.price_file, "FILE",
              "CSV file of product_id,price with the prices for retailrocket.");
    CLI::Option* serve =
        command->add_flag("--serve", options->serve, "Then serve the dashboard until stopped.");
    add_number(*command, "--port", options->server.http.port, 0, 65535,
               "Port of the dashboard. 0 picks any free port.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.")->excludes(serve);
    options->settings.add_to(*command);
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_load(globals, *options); };
    });
}

}  // namespace millrace::cli
