#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "produce/importer.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct Options {
    std::string format = "events";
    std::string speed = "max";
    std::string price_file;
    std::vector<std::string> files;
    bool as_json = false;
};

double speed_of(const std::string& text) {
    if (text == "max") return 0;
    double speed = 0;
    const std::string number = text.ends_with('x') ? text.substr(0, text.size() - 1) : text;
    if (!CLI::detail::lexical_cast(number, speed) || !(speed > 0)) {
        throw usage_error(fmt::format("reading the speed \"{}\"", text),
                          "it must be a factor such as 1x or 60x, or max");
    }
    return speed;
}

void print(const std::string& file, const produce::ImportReport& report, double seconds) {
    fmt::print("{}: {} records in {:.1f} s\n", file, base::format_count(report.records), seconds);
    if (report.unconverted > 0) {
        fmt::print(
            "  {} lines could not be converted: they were appended as they are, and will be quarantined\n",
            base::format_count(report.unconverted));
    }
    if (report.without_price > 0) {
        fmt::print("  {} rows have no price and will be quarantined: give prices with --price-file\n",
                   base::format_count(report.without_price));
    }
}

int import_files(const Globals& globals, const Options& options) {
    const produce::ImportOptions import{produce::parse_import_format(options.format), speed_of(options.speed),
                                        options.price_file};
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto log = globals.open_or_create_log(&stop);
    produce::Importer importer(*log, import);
    json::array files;
    for (const std::string& file : options.files) {
        const base::Stopwatch watch;
        produce::ImportReport report;
        {
            ProgressLine line;
            report = importer.import(file, stop, [&](const produce::ImportReport& now) {
                const double share = static_cast<double>(now.bytes_read) /
                                     std::max(1.0, static_cast<double>(now.bytes_in_all));
                line.show_bar(share, fmt::format("{}: {} records", file, base::format_count(now.records)));
            });
        }
        if (!options.as_json) print(file, report, watch.seconds());
        files.push_back(json::object{{"file", file},
                                     {"records", report.records},
                                     {"unconverted", report.unconverted},
                                     {"without_price", report.without_price},
                                     {"seconds", watch.seconds()}});
        if (stop.requested()) break;
    }
    if (options.as_json) fmt::print("{}\n", json::serialize(json::object{{"files", std::move(files)}}));
    return 0;
}

}  // namespace

void add_import_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("import", "append real data sets to the log");
    command->add_option("--format", options->format, "events (JSON lines), rees46 or retailrocket (CSV)")
        ->capture_default_str();
    command->add_option("--speed", options->speed, "replay by event time: 1x, 60x, or max")
        ->capture_default_str();
    command->add_option("--price-file", options->price_file, "retailrocket: a CSV of product_id,price");
    command->add_option("files", options->files, "plain, .gz or .zst")->required();
    command->add_flag("--json", options->as_json, "report as one JSON object");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return import_files(globals, *options); };
    });
}

}  // namespace millrace::cli
