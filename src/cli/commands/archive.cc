#include <fmt/format.h>

#include "archive/archiver.h"
#include "catalog/table_locks.h"
#include "cli/command.h"
#include "pipeline/table_maintenance.h"

namespace millrace::cli {

namespace {

struct ArchiveOptions {
    archive::ArchiveOptions archive;
    bool as_json = false;
};

int run_archive(const Globals& globals, const ArchiveOptions& options) {
    const auto data = globals.data_directory();
    const auto log = globals.open_log();
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const catalog::WriterLease lease(data);
    base::WorkerPool pool;
    archive::Archiver archive(data, *log, options.archive, pool);
    std::int64_t batches = 0;
    archive.run(stop, [&](const archive::ArchiveReport& report) {
        ++batches;
        fmt::print("{}\n", options.as_json ? base::json::serialize(report.to_json()) : report.line());
        std::fflush(stdout);
    });
    if (batches == 0 && !options.as_json) fmt::print("nothing new in the log\n");
    return 0;
}

}  // namespace

void add_archive_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ArchiveOptions>();
    CLI::App* command = app.add_subcommand(
        "archive", "Copy the log's raw records to a table, which keeps them after the log removes them.");
    auto& archive = options->archive;
    command->add_flag("--available-now", archive.available_now,
                      "Archive what the log holds at the start, then exit.");
    add_duration(*command, "--trigger", archive.trigger, "Time between commits.");
    add_size(*command, "--batch-bytes", archive.batch_bytes, "Maximum size of the records in a batch.");
    add_on_data_loss(*command, archive.continue_on_data_loss);
    command->add_flag("--json", options->as_json, "Print each batch as a JSON line.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_archive(globals, *options); };
    });
}

}  // namespace millrace::cli
