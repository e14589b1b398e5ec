#include <fmt/format.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/text_table.h"
#include "pipeline/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

int describe_group(const Globals& globals, bool as_json) {
    const auto log = globals.open_log();
    const auto silver = globals.data_directory().silver();
    const auto snapshot = storage::DeltaTable::exists(silver) ? storage::DeltaTable::open(silver).snapshot()
                                                              : storage::Snapshot();
    TextTable table({"topic", "partition", "current offset", "log end", "lag"});
    json::array partitions;
    for (int p = 0; p < log->partitions(); ++p) {
        const auto held = log->offsets(p);
        const auto current =
            pipeline::read_progress(snapshot, log->topic(), log->epoch(), p, held.start).next_offset;
        table.add_row({log->topic(), fmt::format("{}", p), fmt::format("{}", current),
                       fmt::format("{}", held.end), fmt::format("{}", held.end - current)});
        partitions.push_back(json::object{{"topic", log->topic()},
                                          {"partition", p},
                                          {"current_offset", current},
                                          {"log_end", held.end},
                                          {"lag", held.end - current}});
    }
    if (as_json) {
        fmt::print("{}\n",
                   json::serialize(json::object{{"group", "silver"}, {"partitions", std::move(partitions)}}));
    } else {
        fmt::print("{}\n", table.text());
    }
    return 0;
}

}  // namespace

void add_group_command(CLI::App& app, Globals& globals) {
    CLI::App* group = app.add_subcommand("group", "how far the silver stage has come in the log");
    group->require_subcommand(1);
    auto as_json = std::make_shared<bool>(false);
    CLI::App* describe = group->add_subcommand("describe", "offset, log end and lag of each partition");
    describe->add_flag("--json", *as_json, "as one JSON object");
    describe->callback([&globals, as_json] {
        globals.action = [&globals, as_json] { return describe_group(globals, *as_json); };
    });
}

}  // namespace millrace::cli
