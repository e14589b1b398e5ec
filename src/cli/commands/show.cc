#include "cli/command.h"
#include "cli/commands/layer.h"
#include "cli/output/text_table.h"
#include "layers/layer.h"

namespace millrace::cli {

namespace {

struct ShowOptions {
    std::string layer = "silver";
    std::int64_t limit = 20;
    std::vector<std::string> columns;
    base::Duration last{};
    bool as_json = false;
};

/// The columns that were asked for, or all of the layer's.
std::vector<storage::TableColumn> chosen_columns(std::vector<storage::TableColumn> all,
                                                 const ShowOptions& options) {
    if (options.columns.empty()) return all;
    std::vector<storage::TableColumn> chosen;
    chosen.reserve(options.columns.size());
    for (const auto& name : options.columns) chosen.push_back(column_of(options.layer, all, name));
    return chosen;
}

int show(const Globals& globals, const ShowOptions& options) {
    const auto reader = open_layer(globals, options.layer);
    const auto columns = chosen_columns(reader->columns(), options);
    auto rows = reader->newest(columns, options.limit, options.last);
    std::vector<TextColumn> shown;
    shown.reserve(columns.size());
    for (const auto& column : columns) shown.push_back(shown_column(options.layer, column));
    TextTable table = TextTable::of(std::move(shown));
    for (auto& cells : rows.cells) table.add(std::move(cells));
    table.set_truncated(rows.is_truncated);
    print_table(table, options.as_json);
    tell_why_empty(globals, options.layer);
    return 0;
}

}  // namespace

void add_show_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ShowOptions>();
    CLI::App* command = app.add_subcommand("show", "Show the newest rows of a layer, newest first.");
    add_choice(*command, "layer", options->layer, layers::layer_names(), "Layer to show.");
    add_number(*command, "--limit", options->limit, 1, 1'000'000, "Maximum number of rows to show.");
    add_values(*command, "--columns", options->columns, "NAME,NAME", "Show only these columns.")
        ->delimiter(',');
    add_duration(*command, "--last", options->last,
                 "Show only rows at most this much older than the newest row. 0 shows rows of any age.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return show(globals, *options); }; });
}

}  // namespace millrace::cli
