#include <fmt/format.h>

#include "cli/command.h"
#include "cli/text_table.h"
#include "pipeline/sql_views.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct Options {
    std::string query;
    std::string duckdb;
    std::string parquet;
    base::Duration timeout = std::chrono::seconds(60);
    serve::SqlLimits limits;
    bool as_json = false;
    bool as_csv = false;
};

/// A value as it stands in a cell.
std::string cell(const json::value& value) {
    if (value.is_null()) return {};
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

void print(const serve::SqlRows& found) {
    std::vector<std::string> columns;
    for (const auto& column : found.columns) columns.emplace_back(column.at("name").as_string());
    TextTable table(columns);
    for (const auto& row : found.rows) {
        std::vector<std::string> cells;
        cells.reserve(columns.size());
        for (const std::string& column : columns)
            cells.push_back(cell(base::member(row.as_object(), column)));
        table.add_row(std::move(cells));
    }
    fmt::print("{}\n", table.text());
    if (found.truncated) fmt::print("… and more; --limit shows them\n");
}

int sql(const Globals& globals, Options& options) {
    const auto data = globals.data_directory();
    const auto duckdb = serve::DuckDb::find(options.duckdb);
    const auto views = pipeline::SqlViews(data).look();
    const std::string zone = data.settings().time_zone;
    options.limits.time = std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout);
    if (!options.parquet.empty()) {
        duckdb.parquet(options.query, views, zone, options.limits, options.parquet);
    } else if (options.as_csv) {
        fmt::print("{}", duckdb.csv(options.query, views, zone, options.limits));
    } else {
        const auto found = duckdb.rows(options.query, views, zone, options.limits);
        if (options.as_json) {
            fmt::print("{}\n", json::serialize(found.to_json()));
        } else {
            print(found);
        }
    }
    return 0;
}

}  // namespace

void add_sql_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    options->limits.result_bytes = std::int64_t{4} << 30;
    CLI::App* command =
        app.add_subcommand("sql", "one SELECT over silver, quarantine, gold.* and bronze, by DuckDB");
    command->add_option("query", options->query, "the query")->required();
    command->add_option("--limit", options->limits.rows, "rows at most; no limit for --csv and --parquet")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    add_duration(*command, "--timeout", options->timeout, "time that it may take");
    add_size(*command, "--memory", options->limits.memory_bytes, "memory that it may take");
    auto* as_json = command->add_flag("--json", options->as_json, "as one JSON object");
    auto* as_csv = command->add_flag("--csv", options->as_csv, "as CSV")->excludes(as_json);
    command->add_option("--parquet", options->parquet, "into this Parquet file")
        ->excludes(as_json)
        ->excludes(as_csv);
    command->add_option("--duckdb", options->duckdb,
                        "DuckDB's command-line program (default: the one that the set-up installs)");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return sql(globals, *options); }; });
}

}  // namespace millrace::cli
