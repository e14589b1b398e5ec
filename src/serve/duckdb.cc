#include "serve/duckdb.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "serve/child_process.h"

namespace millrace::serve {

namespace json = boost::json;

namespace {

constexpr const char* doing = "running the query";
constexpr std::string_view rows_follow = "--rows--";  // between the columns and the rows of an answer

std::string quoted(std::string_view text, char quote) {
    std::string made(1, quote);
    for (const char c : text) {
        made += c;
        if (c == quote) made += c;
    }
    return made += quote;
}
std::string literal(std::string_view text) {
    return quoted(text, '\'');
}
std::string identifier(std::string_view text) {
    return quoted(text, '"');
}

/// Literals, as a list.
std::string list(const std::vector<std::string>& texts) {
    std::vector<std::string> literals;
    std::ranges::transform(texts, std::back_inserter(literals), literal);
    return fmt::format("[{}]", fmt::join(literals, ", "));
}

/// All columns, typed and in the table's order, whether the files have them or not.
std::string select(const SqlView& view) {
    std::vector<std::string> names;
    std::vector<std::string> nulls;
    for (const auto& column : view.columns) {
        names.push_back(identifier(column.name));
        nulls.push_back(fmt::format("null::{} as {}", column.type, identifier(column.name)));
    }
    std::string none = fmt::format("select {} where false", fmt::join(nulls, ", "));
    if (view.files.empty()) return none;
    std::string options = "union_by_name = true";
    if (!view.partition_columns.empty()) {
        std::vector<std::string> types;
        types.reserve(view.partition_columns.size());
        for (const std::string& column : view.partition_columns)
            types.push_back(fmt::format("{}: VARCHAR", literal(column)));
        options += fmt::format(", hive_partitioning = true, hive_types = {{{}}}", fmt::join(types, ", "));
    }
    return fmt::format("select {} from ({} union all by name select * from read_parquet({}, {}))",
                       fmt::join(names, ", "), none, list(view.files), options);
}

std::string create(const SqlView& view) {
    const auto dot = view.name.find('.');
    if (dot == std::string::npos)
        return fmt::format("create view {} as {};\n", identifier(view.name), select(view));
    const std::string schema = identifier(view.name.substr(0, dot));
    return fmt::format("create schema if not exists {};\ncreate view {}.{} as {};\n", schema, schema,
                       identifier(view.name.substr(dot + 1)), select(view));
}

/// Whether a query may use the view: its name stands there somewhere.
bool mentions(std::string_view query, const SqlView& view) {
    const std::string_view table = std::string_view(view.name).substr(view.name.find('.') + 1);
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    return !std::ranges::search(query, table, same).empty() ||
           !std::ranges::search(query, std::string_view("show"), same).empty();
}

/// What comes before a query: limits, the views, and the end of all settings.
std::string prologue(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                     const SqlLimits& limits, const std::filesystem::path& written = {}) {
    std::vector<std::string> files;
    std::string creates;
    for (const SqlView& view : views) {
        if (!mentions(query, view)) continue;
        files.insert(files.end(), view.files.begin(), view.files.end());
        creates += create(view);
    }
    if (!written.empty()) files.push_back(written);
    return fmt::format(
        "set allowed_paths = {};\nset enable_external_access = false;\nset memory_limit = '{} B';\n"
        "set threads = {};\nset max_temp_directory_size = '0 KB';\nset autoinstall_known_extensions = "
        "false;\n"
        "set autoload_known_extensions = false;\nset TimeZone = {};\n{}set lock_configuration = true;\n",
        list(files), limits.memory_bytes, limits.threads, literal(time_zone), creates);
}

/// The query as DuckDB takes it from us: query() runs exactly one SELECT, whatever the text tries.
std::string source(std::string_view query) {
    if (query.find('\0') != std::string_view::npos) throw usage_error(doing, "it has a NUL in it");
    return fmt::format("query({})", literal(query));
}

/// DuckDB's complaint, without the excerpt that shows our part of the statement.
std::string complaint(std::string_view errors) {
    errors = errors.substr(0, errors.find("\n\nLINE "));
    const auto first = errors.find_first_not_of("\r\n ");
    if (first == std::string_view::npos) return "DuckDB said nothing";
    const auto last = errors.find_last_not_of("\r\n ");
    return std::string(errors.substr(first, last - first + 1));
}

std::optional<std::filesystem::path> on_path(std::string_view name) {
    const char* folders = std::getenv("PATH");
    std::string_view rest = folders == nullptr ? "" : folders;
    while (!rest.empty()) {
        const auto colon = std::min(rest.find(':'), rest.size());
        std::filesystem::path path = std::filesystem::path(rest.substr(0, colon)) / name;
        if (std::filesystem::exists(path)) return path;
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return std::nullopt;
}

}  // namespace

json::object SqlRows::to_json() const {
    return {{"columns", columns}, {"rows", rows}, {"truncated", truncated}};
}

DuckDb DuckDb::find(const std::filesystem::path& given) {
    if (!given.empty()) {
        if (std::filesystem::exists(given)) return DuckDb(given);
        throw usage_error(fmt::format("looking for DuckDB at {}", given.string()), "there is no such file");
    }
    if (std::filesystem::exists(MILLRACE_DUCKDB)) return DuckDb(MILLRACE_DUCKDB);
    if (auto found = on_path("duckdb")) return DuckDb(*found);
    throw usage_error("looking for DuckDB, which runs the queries", "it is not on the PATH",
                      "Install its command line, `pip install duckdb-cli`, or name it with --duckdb.");
}

std::string DuckDb::run(const std::string& script, const SqlLimits& limits) const {
    const auto done =
        run_child({program_, "-batch", "-bail", "-init", "/dev/null"}, script,
                  {.time = limits.time, .output_bytes = limits.result_bytes, .stop = limits.stop});
    switch (done.ending) {
        case ChildResult::Ending::out_of_time:
            throw usage_error(doing, fmt::format("it took more than {} s", limits.time.count() / 1000.0),
                              "Ask for fewer rows or days, or allow more time.");
        case ChildResult::Ending::too_much_output:
            throw usage_error(doing, fmt::format("its result has more than {} bytes", limits.result_bytes),
                              "Ask for fewer rows or columns.");
        case ChildResult::Ending::killed:
            throw Error(doing, "DuckDB was ended by the system", "There may be too little memory.");
        case ChildResult::Ending::exited:
            break;
    }
    if (done.exit_code != 0 || !done.errors.empty()) throw usage_error(doing, complaint(done.errors));
    return done.output;
}

SqlRows DuckDb::rows(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                     const SqlLimits& limits) const {
    const std::string from = source(query);
    const std::string output = run(
        fmt::format("{}.mode jsonlines\ndescribe select * from {};\n.print {}\nselect * from {} limit {};\n",
                    prologue(query, views, time_zone, limits), from, rows_follow, from, limits.rows + 1),
        limits);
    SqlRows result;
    bool in_rows = false;
    for (std::string_view rest = output; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        if (line == rows_follow) {
            in_rows = true;
        } else if (in_rows) {
            result.rows.push_back(base::parse_json(line, "DuckDB's answer"));
        } else {
            const auto column = base::parse_json(line, "DuckDB's answer").as_object();
            result.columns.push_back(
                {{"name", column.at("column_name")}, {"type", column.at("column_type")}});
        }
    }
    result.truncated = static_cast<std::int64_t>(result.rows.size()) > limits.rows;
    if (result.truncated) result.rows.pop_back();
    return result;
}

std::string DuckDb::csv(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                        const SqlLimits& limits) const {
    return run(fmt::format("{}.mode csv\n.headers on\nselect * from {};\n",
                           prologue(query, views, time_zone, limits), source(query)),
               limits);
}

void DuckDb::parquet(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                     const SqlLimits& limits, const std::filesystem::path& path) const {
    if (std::filesystem::exists(path))
        throw usage_error(fmt::format("writing {}", path.string()), "the file is there already");
    const auto written = std::filesystem::absolute(path);
    run(fmt::format("{}copy (select * from {}) to {} (format parquet);\n",
                    prologue(query, views, time_zone, limits, written), source(query),
                    literal(written.string())),
        limits);
}

}  // namespace millrace::serve
