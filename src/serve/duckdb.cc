#include "serve/duckdb.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "serve/build_paths.h"

namespace millrace::serve {

namespace {

namespace fs = std::filesystem;

constexpr const char* running_query = "running the query";
// Separates the columns from the rows in DuckDB's output.
constexpr std::string_view rows_follow = "--rows--\n";
/// DuckDB itself takes 30 MiB, and the stack of a thread takes 8 MiB.
constexpr std::int64_t min_memory_bytes = std::int64_t{64} << 20;

/// Returns whether a query consists only of white space, comments and semicolons.
bool is_blank(std::string_view query) {
    for (;;) {
        query.remove_prefix(std::min(query.find_first_not_of(" \t\r\n\f\v;"), query.size()));
        const bool line = query.starts_with("--");
        if (!line && !query.starts_with("/*")) return query.empty();
        const auto end = line ? query.find('\n') : query.find("*/", 2);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + (line ? 1 : 2));
    }
}

/// Returns the query in the form that is passed to DuckDB. query() runs exactly one SELECT, whatever the text
/// is.
std::string source(std::string_view query) {
    if (query.find('\0') != std::string_view::npos)
        throw usage_error(running_query, "it contains a NUL character");
    if (is_blank(query)) throw usage_error(running_query, "it is empty");
    return fmt::format("query({})", sql_literal(query));
}

/// Creates a folder for the query's temporary files. Returns nullopt if the query may not have any, or if
/// there is no place for them, such as in a read-only data directory.
std::optional<base::ScratchFolder> scratch_folder(const fs::path& parent, const SqlLimits& limits) {
    if (limits.temporary_bytes == 0 || !fs::exists(parent.parent_path())) return std::nullopt;
    try {
        return std::optional<base::ScratchFolder>(std::in_place, parent);
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// Returns DuckDB's error message without the excerpt that shows the statement around the query.
std::string message_of(std::string_view errors) {
    errors = errors.substr(0, errors.find("\n\nLINE "));
    const auto first = errors.find_first_not_of("\r\n ");
    if (first == std::string_view::npos) return "DuckDB gave no error message";
    const auto last = errors.find_last_not_of("\r\n ");
    return std::string(errors.substr(first, last - first + 1));
}

/// Returns whether DuckDB, or a library in it, failed to allocate memory.
bool is_memory_error(std::string_view errors) {
    return std::ranges::any_of(
        std::array{"Out of Memory Error", "bad_alloc", "bad allocation", "not enough memory"},
        [&](std::string_view each) { return errors.find(each) != std::string_view::npos; });
}

SqlOutcome outcome_of(const ChildResult& done, bool writes_result) {
    using enum ChildResult::Ending;
    switch (done.ending) {
        case out_of_time:
            return SqlOutcome::time;
        case too_much_output:
            return SqlOutcome::result;
        case file_too_large:
            return writes_result ? SqlOutcome::result : SqlOutcome::temporary;
        case stopped:
            return SqlOutcome::stopped;
        case killed:
            return is_memory_error(done.errors) ? SqlOutcome::memory : SqlOutcome::failed;
        case exited:
            break;
    }
    if (done.exit_code == 0 && done.errors.empty()) return SqlOutcome::done;
    if (!is_memory_error(done.errors)) return SqlOutcome::wrong;
    const bool offloads = done.errors.find("max_temp_directory_size") != std::string::npos;
    return offloads ? SqlOutcome::temporary : SqlOutcome::memory;
}

/// Returns the name of the unknown table if DuckDB's message reports one.
std::optional<std::string> unknown_table(std::string_view message) {
    constexpr std::string_view before_name = "Catalog Error: Table with name ";
    if (!message.starts_with(before_name)) return std::nullopt;
    message.remove_prefix(before_name.size());
    std::string name(message.substr(0, message.find(" does not exist")));
    std::erase(name, '"');
    return name;
}

Error no_table(std::string_view name, const std::vector<SqlView>& views) {
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    std::vector<std::string> names;
    for (const SqlView& view : views) {
        if (view.unavailable.empty()) {
            names.push_back(view.name);
        } else if (std::ranges::equal(view.name, name, same)) {
            return usage_error(running_query, view.unavailable);
        }
    }
    return usage_error(running_query, fmt::format("there is no table {}", name),
                       fmt::format("There are: {}.", fmt::join(names, ", ")));
}

Error refusal(std::string_view message, const std::vector<SqlView>& views) {
    if (const auto table = unknown_table(message)) return no_table(*table, views);
    if (message.find("Expected a single SELECT statement") != std::string_view::npos)
        return usage_error(
            running_query, "it is not a single SELECT statement",
            "Run several statements one by one. Besides SELECT, you can use describe, summarize and show.");
    return usage_error(running_query, message);
}

Error error_of(SqlOutcome outcome, const ChildResult& done, const SqlLimits& limits,
               const std::vector<SqlView>& views) {
    const std::string less = "Query fewer rows, columns or days, or raise the limit.";
    switch (outcome) {
        case SqlOutcome::time:
            return usage_error(running_query,
                               fmt::format("it took more than {} s", limits.time.count() / 1e6),
                               "Query fewer rows or days, or allow more time.");
        case SqlOutcome::memory:
            return usage_error(
                running_query,
                fmt::format("it needs more than {} of memory", base::format_size(limits.memory_bytes)), less);
        case SqlOutcome::temporary:
            return usage_error(running_query,
                               fmt::format("it needs more than {} of memory and {} of temporary files",
                                           base::format_size(limits.memory_bytes),
                                           base::format_size(limits.temporary_bytes)),
                               less);
        case SqlOutcome::result:
            return usage_error(
                running_query,
                fmt::format("its result has more than {}", base::format_size(limits.result_bytes)), less);
        case SqlOutcome::stopped:
            return {running_query, "it was stopped"};
        case SqlOutcome::failed:
            return {running_query, fmt::format("DuckDB was killed by signal {}", done.signal),
                    "There may be too little memory."};
        default:
            return refusal(message_of(done.errors), views);
    }
}

std::optional<fs::path> on_path(std::string_view name) {
    const char* folders = std::getenv("PATH");
    std::string_view rest = folders == nullptr ? "" : folders;
    while (!rest.empty()) {
        const auto colon = std::min(rest.find(':'), rest.size());
        fs::path path = fs::path(rest.substr(0, colon)) / name;
        if (fs::exists(path)) return path;
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return std::nullopt;
}

/// Returns the DuckDB that was installed with this program, or nullopt if there is none.
std::optional<fs::path> installed_duckdb() {
    std::error_code unknown;
    const auto program = fs::read_symlink("/proc/self/exe", unknown);
    auto installed = program.parent_path().parent_path() / "lib" / "millrace" / "duckdb";
    return fs::exists(installed) ? std::optional(std::move(installed)) : std::nullopt;
}

fs::path find_program(const fs::path& given) {
    if (!given.empty()) {
        if (fs::exists(given)) return given;
        throw usage_error(fmt::format("looking for DuckDB at {}", given.string()), "the file does not exist");
    }
    if (auto installed = installed_duckdb()) return *installed;
    if (auto built = duckdb_of_build(); fs::exists(built)) return built;
    if (auto found = on_path("duckdb")) return *found;
    throw usage_error("looking for DuckDB, which runs the queries", "it is not on the PATH",
                      "Install its command line, `pip install duckdb-cli`, or give its path with --duckdb.");
}

}  // namespace

void SqlLimits::validate() const {
    const std::string reading = "reading the limits of a query";
    if (memory_bytes < min_memory_bytes)
        throw usage_error(reading, fmt::format("{} of memory is too little", base::format_size(memory_bytes)),
                          fmt::format("Allow at least {}.", base::format_size(min_memory_bytes)));
    if (time <= base::Duration::zero()) throw usage_error(reading, "the time must be above 0");
    if (result_bytes <= 0) throw usage_error(reading, "the size of the result must be above 0");
}

std::string_view sql_outcome_name(SqlOutcome outcome) {
    constexpr std::array<std::string_view, sql_outcome_count> names = {
        "done", "wrong", "time", "memory", "temporary", "result", "stopped", "failed"};
    return names.at(static_cast<std::size_t>(outcome));
}

DuckDb::DuckDb(const fs::path& program, const fs::path& root, const fs::path& scratch)
    : program_(fs::absolute(program)), root_(fs::absolute(root)), scratch_(fs::absolute(scratch)) {}

DuckDb DuckDb::find(const fs::path& given, const fs::path& root, const fs::path& scratch) {
    return {find_program(given), root, scratch};
}

std::int64_t DuckDb::count(SqlOutcome outcome) const {
    return counts_->at(static_cast<std::size_t>(outcome));
}

/// Returns the statements before a query: limits, views, and the locking of all settings. A query can read
/// the folder of its temporary files, so each query has its own.
std::string DuckDb::prologue(const Query& query, const fs::path& temporary, const fs::path& written) {
    std::vector<std::string> files;
    std::string creates;
    for (const SqlView& view : query.views) {
        if (!view.unavailable.empty() || !mentions(query.text, view)) continue;
        for (const SqlView::File& file : view.files) files.push_back(file.path);
        creates += create_view(view);
    }
    if (!written.empty()) files.push_back(written);
    return fmt::format(
        "set temp_directory = {};\n"
        "set max_temp_directory_size = '{} B';\n"
        "set allowed_paths = {};\n"
        "set enable_external_access = false;\n"
        "set autoinstall_known_extensions = false;\n"
        "set autoload_known_extensions = false;\n"
        "set memory_limit = '{} B';\n"
        "set threads = {};\n"
        "set logging_level = 'ERROR';\n"  // the shell prints warnings between the rows
        "set TimeZone = {};\n"
        "{}set lock_configuration = true;\n",
        sql_literal(temporary.string()), temporary.empty() ? 0 : query.limits.temporary_bytes,
        sql_list(files), query.limits.memory_bytes / 2, query.limits.threads, sql_literal(query.time_zone),
        creates);
}

void DuckDb::run(const Query& query, const std::string& statements, const fs::path& written,
                 const std::function<void(std::string_view)>& on_output) const {
    const SqlLimits& limits = query.limits;
    const auto scratch = scratch_folder(scratch_, limits);
    const std::string script = prologue(query, scratch ? scratch->path() : fs::path(), written) + statements;
    const ChildResult done =
        run_child({.arguments = {program_, "-batch", "-bail", "-init", "/dev/null"},
                   .directory = fs::exists(root_) ? root_ : fs::path("/"),
                   .input = script},
                  {.time = limits.time,
                   .threads = limits.threads,
                   .memory_bytes = limits.memory_bytes,
                   .file_bytes = std::max(limits.temporary_bytes, written.empty() ? 0 : limits.result_bytes),
                   .output_bytes = limits.result_bytes,
                   .stop = limits.stop},
                  on_output);
    SqlOutcome outcome = outcome_of(done, !written.empty());
    // The limit for temporary files may be larger, so the system may have let this file grow further.
    if (outcome == SqlOutcome::done && !written.empty() &&
        fs::file_size(written) > static_cast<std::uintmax_t>(limits.result_bytes))
        outcome = SqlOutcome::result;
    ++counts_->at(static_cast<std::size_t>(outcome));
    if (outcome != SqlOutcome::done) throw error_of(outcome, done, limits, query.views);
}

SqlRows DuckDb::rows(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                     const SqlLimits& limits) const {
    const std::string from = source(query);
    std::string output;
    run({query, views, time_zone, limits},
        fmt::format(".mode jsonlines\ndescribe select * from {};\n.print {}select * from {} limit {};\n",
                    from, rows_follow, from, limits.rows + 1),
        {}, [&](std::string_view text) { output += text; });
    const std::size_t columns = std::min(output.find(rows_follow), output.size());
    const std::size_t rows = std::min(columns + rows_follow.size(), output.size());
    return read_sql_rows(std::string_view(output).substr(0, columns), std::string_view(output).substr(rows),
                         limits.rows);
}

void DuckDb::csv(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                 const SqlLimits& limits, const std::function<void(std::string_view)>& on_text) const {
    run({query, views, time_zone, limits},
        fmt::format(".mode csv\n.nullvalue \"\"\n.headers on\nselect * from {};\n", source(query)), {},
        on_text);
}

void DuckDb::parquet(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                     const SqlLimits& limits, const fs::path& path) const {
    if (fs::exists(path))
        throw usage_error(fmt::format("writing {}", path.string()), "the file already exists");
    const auto written = fs::absolute(path);
    try {
        run({query, views, time_zone, limits},
            fmt::format("copy (select * from {}) to {} (format parquet);\n", source(query),
                        sql_literal(written.string())),
            written, [](std::string_view) {});
    } catch (...) {
        std::error_code ignored;
        fs::remove(written, ignored);  // removes the unfinished file
        throw;
    }
}

}  // namespace millrace::serve
