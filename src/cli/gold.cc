#include <fmt/format.h>

#include "cli/command.h"
#include "cli/gold_options.h"
#include "pipeline/gold_stage.h"

namespace millrace::cli {

namespace {

struct Options {
    pipeline::GoldStageOptions gold;
    SettingsOptions settings;
    bool as_json = false;
};

int run_gold(const Globals& globals, const Options& options) {
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    if (options.gold.close && !options.gold.available_now)
        throw usage_error("reading the options", "--close goes with --available-now only");
    if (options.gold.rebuild) {
        data.adopt_gold(settings);
    } else {
        data.adopt(settings);
    }
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    base::WorkerPool pool;
    pipeline::GoldStage stage(data, settings, options.gold, pool);
    bool reported = false;
    stage.run(stop, [&](const pipeline::GoldReport& report) {
        reported = true;
        fmt::print("{}\n", options.as_json ? base::json::serialize(report.to_json()) : report.line());
        std::fflush(stdout);
    });
    if (!reported && !options.as_json) fmt::print("nothing new in silver\n");
    return 0;
}

}  // namespace

void add_gold_options(CLI::App& command, pipeline::GoldStageOptions& options) {
    add_duration(command, "--gold-trigger", options.trigger, "time between commits of closed windows")
        ->group("Gold");
}

void add_gold_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("gold", "metrics, sessions and funnels from the silver table");
    add_duration(*command, "--trigger", options->gold.trigger, "time between commits of closed windows");
    options->settings.add_to(*command);
    command->add_flag("--available-now", options->gold.available_now, "take in what silver holds, then end");
    command->add_flag("--close", options->gold.close,
                      "with --available-now: close what is open at the end, too");
    command->add_flag("--rebuild", options->gold.rebuild,
                      "build Gold anew from silver, with other settings if they are given");
    command->add_flag("--json", options->as_json, "print each report as a JSON line");
    command->callback([&globals, options] {
        globals.action = [&globals, options] { return run_gold(globals, *options); };
    });
}

}  // namespace millrace::cli
