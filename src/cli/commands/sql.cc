#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "api/live_socket.h"
#include "base/error.h"
#include "cli/output/text_table.h"
#include "cli/sql_options.h"

namespace millrace::cli {

namespace {

constexpr const char* standard_input = "-";

struct SqlOptions {
    std::optional<std::string> query;
    std::optional<std::string> file;
    std::string duckdb;
    std::string parquet;
    serve::SqlLimits limits{.time = std::chrono::seconds(60),
                            .memory_bytes = std::int64_t{2} << 30,
                            .temporary_bytes = std::int64_t{10} << 30,
                            .result_bytes = std::int64_t{4} << 30};
    bool as_json = false;
    bool as_csv = false;
};

std::string all_of(std::istream& text) {
    return {std::istreambuf_iterator<char>(text), std::istreambuf_iterator<char>()};
}

/// The text of the query: the argument, or the content of the file or of standard input.
std::string query_text(const SqlOptions& options) {
    constexpr const char* doing = "reading the query";
    if (options.query.has_value() == options.file.has_value())
        throw usage_error(doing, options.file ? "there are two queries" : "there is no query",
                          "Pass one query as an argument, in a file (-f FILE), or on standard input (-).");
    if (options.query && *options.query != standard_input) return *options.query;
    if (options.query || *options.file == standard_input) return all_of(std::cin);
    std::ifstream file(*options.file);
    if (!file)
        throw usage_error(fmt::format("reading the query in {}", *options.file),
                          std::generic_category().message(errno));
    return all_of(file);
}

/// A value of DuckDB's JSON. A nested value stays text.
base::json::value cell_from_json(std::string_view value) {
    if (value.starts_with('{') || value.starts_with('[')) return base::json::string(value);
    boost::system::error_code no_json;
    auto parsed = base::json::parse(value, no_json);
    return no_json ? base::json::value(base::json::string(value)) : parsed;
}

void print(const serve::SqlRows& found) {
    std::vector<TextColumn> columns;
    columns.reserve(found.columns.size());
    for (const serve::SqlColumn& column : found.columns)
        columns.push_back({.name = column.name, .type = column.type});
    TextTable table = TextTable::of(std::move(columns));
    table.set_truncated(found.truncated);
    for (const std::string& row : found.rows) {
        base::json::array cells;
        for (const std::string_view value : serve::sql_values(row)) cells.push_back(cell_from_json(value));
        table.add(std::move(cells));
    }
    print_table(table, false);
}

void write_out(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        throw system_error("writing the result", errno);
}

int sql(const Globals& globals, SqlOptions& options) {
    options.limits.validate();
    const std::string query = query_text(options);
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    options.limits.stop = &stop;
    const auto data = globals.data_directory();
    const auto duckdb = serve::DuckDb::find(options.duckdb, data.root(), data.live());
    const auto views = api::views_of_running(data, query);
    const std::string zone = data.settings().time_zone;
    if (!options.parquet.empty()) {
        duckdb.parquet(query, views, zone, options.limits, options.parquet);
    } else if (options.as_csv) {
        duckdb.csv(query, views, zone, options.limits, write_out);
    } else {
        const auto found = duckdb.rows(query, views, zone, options.limits);
        if (options.as_json) {
            write_out(found.to_json() + "\n");
        } else {
            print(found);
        }
    }
    return 0;
}

}  // namespace

std::vector<CLI::Option*> add_sql_limits(CLI::App& command, const std::string& prefix,
                                         serve::SqlLimits& limits) {
    return {
        add_duration(command, prefix + "timeout", limits.time, "Maximum time for a query."),
        add_size(command, prefix + "memory", limits.memory_bytes,
                 "Maximum memory of a query's process. A query that needs more than half of it writes "
                 "temporary files."),
        add_size(command, prefix + "temporary-files", limits.temporary_bytes,
                 "Maximum size of a query's temporary files. 0 permits none."),
        add_size(command, prefix + "result", limits.result_bytes, "Maximum size of a query's result."),
        add_number(command, prefix + "threads", limits.threads, 1, 256, "Number of threads for a query.")};
}

void add_sql_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<SqlOptions>();
    CLI::App* command = app.add_subcommand(
        "sql", "Run one SELECT statement over silver, quarantine, gold.*, live.* and bronze, with DuckDB.");
    add_value(*command, "query", options->query, "QUERY",
              "SELECT statement. - reads it from standard input.");
    add_value(*command, "-f,--file", options->file, "FILE", "File to read the query from.");
    add_number(*command, "--limit", options->limits.rows, 1, 1'000'000,
               "Maximum number of rows to show. It does not apply to --csv and --parquet.");
    add_sql_limits(*command, "--", options->limits);
    auto* as_json = command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    auto* as_csv = command->add_flag("--csv", options->as_csv, "Print the result as CSV.")->excludes(as_json);
    add_value(*command, "--parquet", options->parquet, "FILE", "Parquet file to write the result to.")
        ->excludes(as_json)
        ->excludes(as_csv);
    add_value(*command, "--duckdb", options->duckdb, "FILE",
              "DuckDB's command-line program, which runs the query. (default: the one found at build time, "
              "or else duckdb on the PATH)");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return sql(globals, *options); }; });
}

}  // namespace millrace::cli
