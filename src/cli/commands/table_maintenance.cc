#include <fmt/format.h>

#include "archive/archived_log.h"
#include "base/json.h"
#include "catalog/table_locks.h"
#include "cli/command.h"
#include "cli/output/progress_line.h"
#include "cli/silver_options.h"
#include "pipeline/table_maintenance.h"
#include "silver/stage/replay.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

int run_optimize(const Globals& globals, bool as_json) {
    const auto data = globals.data_directory();
    const catalog::WriterLease lease(data);
    json::object report;
    for (const auto& [name, optimize] : {std::pair("silver", &pipeline::optimize_silver),
                                         std::pair("quarantine", &pipeline::optimize_quarantine),
                                         std::pair("archive", &pipeline::optimize_archive)}) {
        const auto done = optimize(data, {});
        report[name] = json::object{{"files_before", done.files_before},
                                    {"files_after", done.files_after},
                                    {"bytes_before", done.bytes_before},
                                    {"bytes_after", done.bytes_after}};
        if (as_json) continue;
        fmt::print("{}: compacted {} ({}) into {} ({})\n", name,
                   base::format_counted(done.files_before, "file"), base::format_size(done.bytes_before),
                   base::format_count(done.files_after), base::format_size(done.bytes_after));
    }
    if (as_json) fmt::print("{}\n", json::serialize(report));
    return 0;
}

struct VacuumOptions {
    std::optional<base::Duration> retention;
    bool dry_run = false;
    bool as_json = false;
};

int run_vacuum(const Globals& globals, const VacuumOptions& options) {
    const auto done = pipeline::vacuum_tables(globals.data_directory(), options.retention, options.dry_run);
    json::object report;
    for (const auto& [name, table] :
         {std::pair("silver", done.silver), std::pair("quarantine", done.quarantine),
          std::pair("archive", done.archive), std::pair("gold", done.gold)}) {
        report[name] =
            json::object{{"files", table.files}, {"bytes", table.bytes}, {"kept_young", table.kept_young}};
        if (options.as_json) continue;
        fmt::print("{}: {} {} ({})\n", name, options.dry_run ? "would remove" : "removed",
                   base::format_counted(table.files, "file"), base::format_size(table.bytes));
        if (table.kept_young > 0 && !done.alone) {
            fmt::print("  kept {} that no commit references, because a writer is running\n",
                       base::format_counted(table.kept_young, "file"));
        }
    }
    if (options.as_json) fmt::print("{}\n", json::serialize(report));
    return 0;
}

struct ReplayOptions {
    silver::SilverOptions silver;
    SettingsOptions settings;
    bool no_archive = false;
    bool as_json = false;
};

/// Whether a record was ever appended to the log.
bool has_records(const bronze::EventLog& log) {
    for (int p = 0; p < log.partitions(); ++p) {
        if (log.offsets(p).end > bronze::Offset(0)) return true;
    }
    return false;
}

int run_replay(const Globals& globals, const ReplayOptions& options) {
    const auto data = globals.data_directory();
    const auto live = globals.open_log();
    std::unique_ptr<bronze::EventLog> archived;
    if (!options.no_archive && storage::DeltaTable::exists(data.archive()))
        archived = std::make_unique<archive::ArchivedLog>(*live, data.archive());
    const bronze::EventLog& source = archived ? *archived : *live;
    const auto settings = options.settings.over(data.settings());
    if (settings == data.settings() && !has_records(source) && !storage::DeltaTable::exists(data.silver())) {
        if (!options.as_json) globals.print_no_events();
        return 0;
    }
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const catalog::WriterLease lease(data);
    silver::Replay replayer(data, source, settings, options.silver);
    silver::ReplayReport report;
    {
        ProgressLine line;
        std::int64_t received = 0;
        report = replayer.run(stop, [&](const silver::BatchReport& batch) {
            received += batch.received;
            line.show(fmt::format("{} processed", base::format_counted(received, "record")));
        });
    }
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(json::object{{"version", report.version.value()},
                                                        {"received", report.received},
                                                        {"silver", report.silver},
                                                        {"duplicates", report.duplicates},
                                                        {"quarantined", report.quarantined},
                                                        {"kept_rows", report.kept_rows}}));
        return 0;
    }
    fmt::print("rebuilt from {}: {} in silver, {}, {} quarantined; version {}\n",
               base::format_counted(report.received, "record"), base::format_count(report.silver),
               base::format_counted(report.duplicates, "duplicate"), base::format_count(report.quarantined),
               report.version);
    if (report.kept_rows > 0) {
        fmt::print("  kept {} whose records the log no longer holds\n",
                   base::format_counted(report.kept_rows, "row"));
    }
    return 0;
}

}  // namespace

void add_optimize_command(CLI::App& app, Globals& globals) {
    auto as_json = std::make_shared<bool>(false);
    CLI::App* command =
        app.add_subcommand("optimize", "Compact small files of the silver, quarantine and archive tables.");
    command->add_flag("--json", *as_json, "Print the result as a JSON object.");
    command->callback([&globals, as_json] {
        globals.action = [&globals, as_json] { return run_optimize(globals, *as_json); };
    });
}

void add_vacuum_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<VacuumOptions>();
    CLI::App* command = app.add_subcommand("vacuum", "Remove files that the tables no longer reference.");
    add_duration(
        *command, "--retention", options->retention,
        "Keep files that were removed from a table within this period, for readers of older "
        "versions. 0 keeps none. (default: 6h, but at most 700 files of silver and 50 of another table "
        "beyond those of the last 2 minutes)");
    command->add_flag("--dry-run", options->dry_run, "Count the files without removing them.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_vacuum(globals, *options); };
    });
}

void add_replay_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ReplayOptions>();
    CLI::App* command = app.add_subcommand(
        "replay", "Rebuild the silver and quarantine tables from the log and its archive.");
    add_silver_options(*command, options->silver);
    command->remove_option(command->get_option("--on-data-loss"));  // a replay never accepts data loss
    options->settings.add_to(*command);
    command->add_flag("--no-archive", options->no_archive,
                      "Read the log only, without the archive of the records that the log has removed.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_replay(globals, *options); };
    });
}

}  // namespace millrace::cli
