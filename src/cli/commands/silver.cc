#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "catalog/table_locks.h"
#include "cli/command.h"
#include "cli/output/text_table.h"
#include "cli/silver_options.h"
#include "pipeline/silver_run.h"
#include "silver/silver_table.h"
#include "silver/stage/silver_stage.h"
#include "storage/arrow_schema.h"
#include "storage/cell.h"

namespace millrace::cli {

namespace {

struct SilverOptions {
    silver::SilverOptions silver;
    SettingsOptions settings;
    bool console = false;
    bool as_json = false;
};

constexpr std::int64_t console_rows = 20;

/// What the console shows of a row.
std::vector<storage::TableColumn> console_columns() {
    static constexpr std::array<std::string_view, 8> names = {
        "event_id", "user_id", "event_type", "event_timestamp", "product_id", "price", "partition", "offset"};
    auto columns = storage::table_columns(storage::delta_schema(*silver::silver_schema()));
    std::erase_if(columns,
                  [](const auto& column) { return std::ranges::find(names, column.name) == names.end(); });
    return columns;
}

void show_batch(const std::vector<silver::LanePart>& parts) {
    const auto columns = console_columns();
    std::vector<TextColumn> shown;
    shown.reserve(columns.size());
    for (const auto& column : columns) shown.push_back({.name = column.name, .type = column.type});
    TextTable table = TextTable::of(std::move(shown));
    for (const auto& part : parts) {
        for (const auto& file : part.files) {
            const auto left = console_rows - static_cast<std::int64_t>(table.rows().size());
            if (left <= 0) break;
            const auto rows = file->batch(model::Timestamp())->Slice(0, left);
            for (std::int64_t row = 0; row < rows->num_rows(); ++row)
                table.add(storage::cells_of(*rows, row, columns, {{"event_type", file->event_type()}}));
        }
    }
    print_table(table, false);
}

int run_silver(const Globals& globals, const SilverOptions& options) {
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    if (options.silver.available_now && settings == data.settings() && !globals.may_have_log()) {
        if (!options.as_json) globals.print_no_events();
        return 0;
    }
    const auto log = globals.open_or_create_log();
    data.adopt(settings);
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const catalog::WriterLease lease(data);
    base::WorkerPool pool;
    pipeline::SilverRun silver(data, *log, settings, options.silver, pool);
    std::int64_t batches = 0;
    silver.on_batch([&](const silver::BatchReport& report) {
        ++batches;
        fmt::print("{}\n", options.as_json ? base::json::serialize(report.to_json()) : report.line());
        std::fflush(stdout);
    });
    if (options.console) silver.on_parts(show_batch);
    silver.run(stop);
    if (batches == 0 && !options.as_json) fmt::print("nothing new in the log\n");
    return 0;
}

}  // namespace

void add_silver_options(CLI::App& command, silver::SilverOptions& options) {
    const std::string group = "Silver";
    add_duration(command, "--trigger", options.trigger,
                 "Time between commits. 0 commits as soon as there is data, at most every 2 s.")
        ->group(group);
    add_duration(command, "--horizon", options.horizon,
                 "Period whose event_ids are held in memory for deduplication. Older event_ids are looked up "
                 "in the table, which is slower.")
        ->group(group);
    add_size(command, "--dedupe-memory", options.dedupe_bytes, "Maximum memory for event_ids.")->group(group);
    add_number(command, "--batch-rows", options.batch_rows, 1, 10'000'000,
               "Maximum number of records in a batch.")
        ->group(group);
    add_on_data_loss(command, options.continue_on_data_loss);
    command.get_option("--on-data-loss")->group(group);
    add_value(command, "--group", options.group, "NAME",
              "Kafka consumer group to join. Its workers share the topic. (default: millrace- followed by "
              "the table's id)")
        ->group(group);
    add_number(command, "--lanes", options.lanes, 0, 1024,
               "Number of threads that process partitions. 0 chooses automatically.")
        ->group(group);
}

void add_silver_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<SilverOptions>();
    CLI::App* command =
        app.add_subcommand("silver", "Clean and deduplicate the log's events into the silver table.");
    add_silver_options(*command, options->silver);
    options->settings.add_to(*command);
    command->add_flag("--available-now", options->silver.available_now,
                      "Process what the log holds at the start, then exit.");
    command->add_flag("--console", options->console, "Print the first rows of each batch.");
    command->add_flag("--json", options->as_json, "Print each batch as a JSON line.");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_silver(globals, *options); };
    });
}

}  // namespace millrace::cli
