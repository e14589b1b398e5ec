#include <fmt/format.h>

#include "base/units.h"
#include "cli/command.h"
#include "cli/commands/layer.h"
#include "cli/output/terminal.h"
#include "cli/output/text_table.h"
#include "layers/layer.h"

namespace millrace::cli {

namespace {

struct CountOptions {
    std::string layer = "silver";
    std::string by;
    bool as_json = false;
};

/// The rows of each value of one column.
TextTable count_by(const Globals& globals, const CountOptions& options) {
    const auto reader = open_layer(globals, options.layer);
    const auto columns = reader->columns();
    const auto& column = column_of(options.layer, columns, options.by);
    const auto counts = reader->count_by(column);
    TextTable table = TextTable::of({shown_column(options.layer, column), count_column("rows")});
    for (const auto& [value, rows] : counts) table.add({value, rows});
    return table;
}

int count(const Globals& globals, const CountOptions& options) {
    tell_why_empty(globals, options.layer);
    if (!options.by.empty()) {
        print_table(count_by(globals, options), options.as_json);
        return 0;
    }
    const std::int64_t rows = open_layer(globals, options.layer)->count();
    if (options.as_json) {
        TextTable table = TextTable::of({count_column("rows")});
        table.add({rows});
        print_table(table, true);
    } else {
        fmt::print("{}\n", on_terminal() ? base::format_count(rows) : fmt::format("{}", rows));
    }
    return 0;
}

}  // namespace

void add_count_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<CountOptions>();
    CLI::App* command = app.add_subcommand("count", "Count the rows of a layer.");
    add_choice(*command, "layer", options->layer, layers::layer_names(), "Layer to count.");
    add_value(*command, "--by", options->by, "COLUMN", "Count the rows for each value of this column.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return count(globals, *options); }; });
}

}  // namespace millrace::cli
