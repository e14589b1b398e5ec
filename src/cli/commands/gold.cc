#include <fmt/format.h>

#include <algorithm>

#include "catalog/table_locks.h"
#include "cli/alert_config.h"
#include "cli/command.h"
#include "cli/gold_options.h"
#include "cli/output/terminal.h"
#include "cli/output/text_table.h"
#include "gold/stage/batch_layer.h"
#include "gold/stage/gold_stage.h"
#include "gold/stage/gold_status.h"

namespace millrace::cli {

namespace {

struct GoldOptions {
    gold::GoldStageOptions gold;
    publish::PublishOptions publish;
    SettingsOptions settings;
    bool batch = false;
    std::string from;
    std::string to;
    std::size_t limit = 1000;
    bool as_json = false;
};

/// Whether there are neither events nor settings to keep: the directory is left alone then.
bool has_nothing(const catalog::DataDirectory& data, const model::ShopSettings& settings) {
    return settings == data.settings() && !storage::DeltaTable::exists(data.silver());
}

void print_next_step(const catalog::DataDirectory& data) {
    fmt::print(
        "nothing to do: there is no silver table in {} yet. Create it with: millrace silver "
        "--available-now\n",
        data.root().string());
}

int run_gold(const Globals& globals, GoldOptions& options) {
    read_alert_config(globals.config, options.gold.alert_rules, options.publish.alert_sinks);
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    if (options.gold.available_now && has_nothing(data, settings)) {
        if (!options.as_json) print_next_step(data);
        return 0;
    }
    if (!options.gold.rebuild) data.adopt(settings);  // else the stage does, once it is its turn
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const catalog::WriterLease lease(data);
    if (options.gold.rebuild) gold::GoldWriter::set_aside_damaged(data);
    base::WorkerPool pool;
    gold::OpenWindowsChannel windows;
    options.publish.postgres.open_interval = options.gold.trigger;
    publish::Publisher publisher(data, options.publish, windows);
    gold::GoldStage stage(data, settings, options.gold, pool, {.windows = windows, .observer = &publisher});
    bool reported = false;
    stage.run(stop, [&](const gold::GoldReport& report) {
        reported = true;
        fmt::print("{}\n", options.as_json ? base::json::serialize(report.to_json()) : report.line());
        std::fflush(stdout);
    });
    if (!reported && !options.as_json) fmt::print("nothing new in silver\n");
    return 0;
}

CLI::Validator must_be_day() {
    return must_be("a day such as 2019-10-01",
                   [](const std::string& text) { return model::parse_day(text).has_value(); });
}

/// The days that were asked for; all that silver has where none were.
std::optional<gold::DayRange> days_of(const GoldOptions& options, const gold::BatchLayer& batch) {
    const auto all = batch.all_days();
    if (!all) return std::nullopt;
    const gold::DayRange days{model::parse_day(options.from).value_or(all->from),
                              model::parse_day(options.to).value_or(all->to)};
    if (days.from > days.to)
        throw usage_error(fmt::format("--from {} must not be after --to {}", model::format_day(days.from),
                                      model::format_day(days.to)));
    return gold::DayRange{std::max(days.from, all->from), std::min(days.to, all->to)};
}

int run_batch(const Globals& globals, const GoldOptions& options) {
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    if (has_nothing(data, settings)) {
        if (options.as_json) {
            fmt::print("{}\n", base::json::serialize(gold::BatchLayerReport().to_json()));
        } else {
            print_next_step(data);
        }
        return 0;
    }
    data.adopt(settings);
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const catalog::WriterLease lease(data);
    base::WorkerPool pool;
    gold::BatchLayer batch(data, settings, pool);
    const auto days = days_of(options, batch);
    gold::BatchLayerReport report;
    if (days) report = batch.replace(*days, stop);
    if (options.as_json) {
        fmt::print("{}\n", base::json::serialize(report.to_json()));
    } else if (!days) {
        fmt::print("silver has no events\n");
    } else {
        fmt::print("{} to {}: {} from {}, {:.2f} s\n", model::format_day(days->from),
                   model::format_day(days->to), base::format_counted(report.rows, "row"),
                   base::format_counted(report.events, "event"), report.seconds);
    }
    return 0;
}

int run_reconcile(const Globals& globals, const GoldOptions& options) {
    const auto data = globals.data_directory();
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    base::WorkerPool pool;
    gold::BatchLayer batch(data, data.settings(), pool);
    std::vector<gold::GoldDifference> found;
    if (const auto days = days_of(options, batch)) found = batch.reconcile(*days, options.limit, stop);
    if (options.as_json) {
        base::json::array differences;
        for (const auto& difference : found) differences.push_back(difference.to_json());
        fmt::print("{}\n",
                   base::json::serialize(base::json::object{{"differences", std::move(differences)}}));
        return found.empty() ? 0 : 1;
    }
    const auto shown = [](const std::string& value) { return value.empty() ? "(no row)" : value; };
    for (const auto& each : found) {
        const std::string line = fmt::format("{}  {}  {}: published {}, batch {}", each.table, each.row,
                                             each.column, shown(each.published), shown(each.batch));
        fmt::print("{}\n", on_terminal() ? printable(line) : line);
    }
    if (found.empty()) {
        fmt::print("the tables and the batch layer agree in every cell\n");
    } else {
        fmt::print("{}{} {} because of late events. Recompute the days with: millrace gold --batch\n",
                   found.size() == options.limit ? "the first " : "",
                   base::format_counted(static_cast<std::int64_t>(found.size()), "cell"),
                   found.size() == 1 ? "differs" : "differ");
    }
    return found.empty() ? 0 : 1;
}

int list_tables(const Globals& globals, bool as_json) {
    TextTable shown = TextTable::of({text_column("table"), count_column("rows"), count_column("provisional"),
                                     count_column("files"), count_column("bytes"), count_column("days"),
                                     text_column("being_corrected"), text_column("why_empty")});
    for (const gold::GoldTableStatus& each : gold::gold_status(globals.data_directory())) {
        shown.add({fmt::format("gold.{}", gold::table_name(each.table)), each.rows, each.provisional,
                   each.files, each.bytes, each.days, base::json::string(each.correcting),
                   base::json::string(each.why_empty)});
    }
    print_table(shown, as_json);
    return 0;
}

void add_days(CLI::App& command, GoldOptions& options) {
    add_value(command, "--from", options.from, "DAY",
              "First day, in the shop's time zone. (default: silver's first day)")
        ->check(must_be_day());
    add_value(command, "--to", options.to, "DAY",
              "Last day, in the shop's time zone. (default: silver's last day)")
        ->check(must_be_day());
}

void add_list(CLI::App& gold, Globals& globals) {
    auto as_json = std::make_shared<bool>(false);
    CLI::App* list = gold.add_subcommand("list", "List the gold tables and their sizes.");
    list->add_flag("--json", *as_json, "Print the result as a JSON object.");
    list->callback([&globals, as_json] {
        globals.action = [&globals, as_json] { return list_tables(globals, *as_json); };
    });
}

void add_reconcile(CLI::App& gold, Globals& globals) {
    auto options = std::make_shared<GoldOptions>();
    CLI::App* reconcile = gold.add_subcommand("reconcile",
                                              "Compare each cell of the gold tables with a recomputation "
                                              "from silver. The exit code is 1 if any differ.");
    add_days(*reconcile, *options);
    add_number(*reconcile, "--limit", options->limit, 1, 1'000'000, "Maximum number of cells to show.");
    reconcile->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    reconcile->callback([&globals, options] {
        globals.action = [&globals, options] { return run_reconcile(globals, *options); };
    });
}

void add_postgres_options(CLI::App& command, publish::PostgresOptions& options) {
    add_value(command, "--postgres", options.url, "URL",
              "PostgreSQL database that receives a copy of the gold tables: "
              "postgresql://USER:PASSWORD@HOST:5432/DATABASE.")
        ->group("Gold");
    add_value(command, "--postgres-schema", options.schema, "NAME",
              "Database schema for the gold tables. Each shop needs its own.")
        ->group("Gold");
}

CLI::Option* add_correct_option(CLI::App& command, gold::GoldStageOptions& options) {
    return command
        .add_option_function<std::string>(
            "--correct", [&options](const std::string& when) { options.correct = when == "auto"; },
            "Recompute the days of events that came after their window was closed, in the background. With "
            "off, they wait for millrace gold --batch.")
        ->type_name("WHEN")
        ->check(must_be_one_of({"auto", "off"}))
        ->default_str("auto");
}

}  // namespace

void add_gold_options(CLI::App& command, gold::GoldStageOptions& options, publish::PublishOptions& publish) {
    add_postgres_options(command, publish.postgres);
    add_duration(command, "--gold-trigger", options.trigger, "Time between commits of closed windows.")
        ->group("Gold");
    add_correct_option(command, options)->group("Gold");
}

void add_gold_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<GoldOptions>();
    CLI::App* command =
        app.add_subcommand("gold", "Compute metrics, sessions and funnels from the silver table.");
    command->require_subcommand(0, 1);
    add_postgres_options(*command, options->publish.postgres);
    add_duration(*command, "--trigger", options->gold.trigger, "Time between commits of closed windows.");
    add_correct_option(*command, options->gold);
    options->settings.add_gold_to(*command);
    command->add_flag("--available-now", options->gold.available_now,
                      "Process what silver holds at the start, then exit.");
    command->add_flag("--close", options->gold.close,
                      "At the end, also publish open windows, provisionally. The next start removes these "
                      "rows and continues the windows.");
    command->add_flag("--rebuild", options->gold.rebuild,
                      "Rebuild the gold tables from silver, with new settings if any are given.");
    command->add_flag("--batch", options->batch,
                      "Recompute whole days from silver, including late events, and replace their rows.");
    add_days(*command, *options);
    command->add_flag("--json", options->as_json, "Print each report as a JSON line.");
    command->callback([&globals, options, command] {
        if (!command->get_subcommands().empty()) return;
        globals.action = [&globals, options] {
            return options->batch ? run_batch(globals, *options) : run_gold(globals, *options);
        };
    });
    add_list(*command, globals);
    add_reconcile(*command, globals);
}

}  // namespace millrace::cli
