#include <fmt/format.h>

#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/output/progress_line.h"
#include "produce/importer.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct ImportOptions {
    std::string format = "events";
    std::string speed = "max";
    std::string price_file;
    std::vector<std::string> files;
    bool as_json = false;
};

/// The multiple of real time; 0 for max. Nothing if the text is not a speed.
std::optional<double> speed_of(const std::string& text) {
    if (text == "max") return 0;
    double speed = 0;
    const std::string number = text.ends_with('x') ? text.substr(0, text.size() - 1) : text;
    if (!CLI::detail::lexical_cast(number, speed) || !(speed > 0)) return std::nullopt;
    return speed;
}

bool is_speed(const std::string& text) {
    return speed_of(text).has_value();
}

void print(const std::string& file, const produce::ImportReport& report, double seconds) {
    fmt::print("{}: {} in {:.1f} s\n", file, base::format_counted(report.records, "record"), seconds);
    for (const auto& [format, records] : report.by_format)
        fmt::print("  {} decoded as {}\n", base::format_counted(records, "record"), format);
    if (report.ignored > 0)
        fmt::print("  {} that are no events, to be ignored\n", base::format_counted(report.ignored, "item"));
    for (const auto& [rule, refusal] : report.refused) {
        fmt::print("  {} to be quarantined as {}; the first one ends in line {}: {}\n",
                   base::format_counted(refusal.items, "item"), rule, refusal.line, refusal.reason);
    }
    if (report.without_price > 0) {
        fmt::print("  {} without a price, to be quarantined: provide the prices with --price-file\n",
                   base::format_counted(report.without_price, "row"));
    }
}

json::object refusals(const produce::ImportReport& report) {
    json::object refused;
    for (const auto& [rule, refusal] : report.refused)
        refused[rule] =
            json::object{{"items", refusal.items}, {"line", refusal.line}, {"reason", refusal.reason}};
    return refused;
}

int import_files(const Globals& globals, const ImportOptions& options) {
    const produce::ImportOptions import{produce::parse_file_format(options.format),
                                        speed_of(options.speed).value(), options.price_file,
                                        globals.data_directory().settings().rules};
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
                                     {"by_format", json::value_from(report.by_format)},
                                     {"events", report.events},
                                     {"ignored", report.ignored},
                                     {"refused", refusals(report)},
                                     {"without_price", report.without_price},
                                     {"seconds", watch.seconds()}});
        if (stop.requested()) break;
    }
    if (options.as_json) fmt::print("{}\n", json::serialize(json::object{{"files", std::move(files)}}));
    return 0;
}

}  // namespace

void add_import_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ImportOptions>();
    CLI::App* command = app.add_subcommand("import", "Append the events of data sets to the log.");
    add_choice(
        *command, "--format", options->format, {"events", "segment", "ga4", "rees46", "retailrocket"},
        "Format of the files. JSON: events are Millrace's own; segment are messages of Segment's family, "
        "such as its archive in S3; ga4 are rows of GA4's export to BigQuery. CSV: rees46 and "
        "retailrocket are the files of these data sets.");
    add_value(*command, "--speed", options->speed, "SPEED",
              "Pace: that of the events (1x), a multiple of it (60x), or as fast as possible (max).")
        ->check(must_be("a factor such as 1x or 60x, or max", is_speed));
    add_value(*command, "--price-file", options->price_file, "FILE",
              "CSV file of product_id,price with the prices for retailrocket.");
    command->add_option("files", options->files, "Files to import: uncompressed, .gz or .zst.")
        ->type_name("FILE")
        ->required();
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return import_files(globals, *options); };
    });
}

}  // namespace millrace::cli
