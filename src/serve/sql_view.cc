#include "serve/sql_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

namespace millrace::serve {

namespace {

std::string quoted(std::string_view text, char quote) {
    std::string made(1, quote);
    for (const char c : text) {
        made += c;
        if (c == quote) made += c;
    }
    return made += quote;
}

/// Returns whether the names of the file's folders contain exactly its partition values. If so, DuckDB may
/// take the values from the folders, and can skip whole files by them. Otherwise only the Delta log has the
/// right values.
bool folders_match_values(const SqlView::File& file) {
    std::set<std::string> folders;
    for (const auto& folder : std::filesystem::path(file.path).parent_path()) {
        if (folder.string().contains('=')) folders.insert(folder.string());
    }
    std::set<std::string> values;
    for (const auto& value : file.partition) values.insert(storage::partition_directory({value}));
    return !values.empty() && folders == values;
}

/// Returns a query that reads files whose folders contain the values of these columns.
std::string read_by_folders(const std::vector<std::string>& paths, const std::set<std::string>& columns) {
    std::vector<std::string> types;
    types.reserve(columns.size());
    for (const std::string& column : columns) types.push_back(sql_literal(column) + ": VARCHAR");
    return fmt::format(
        "select * from read_parquet({}, union_by_name = true, hive_partitioning = true, hive_types = {{{}}})",
        sql_list(paths), fmt::join(types, ", "));
}

/// Returns a query that reads files which have these values in common, whatever their folders' names.
std::string read_with_values(const std::vector<std::string>& paths, const storage::PartitionValues& values) {
    std::string constants;
    for (const auto& [column, value] : values)
        constants += fmt::format(", {}::VARCHAR as {}", value.empty() ? "null" : sql_literal(value),
                                 sql_identifier(column));
    return fmt::format("select *{} from read_parquet({}, union_by_name = true, hive_partitioning = false)",
                       constants, sql_list(paths));
}

std::vector<std::string> reads(const std::vector<SqlView::File>& files) {
    std::vector<std::string> by_folders;
    std::set<std::string> columns;
    std::map<storage::PartitionValues, std::vector<std::string>> by_values;
    for (const SqlView::File& file : files) {
        if (!folders_match_values(file)) {
            by_values[file.partition].push_back(file.path);
            continue;
        }
        by_folders.push_back(file.path);
        for (const auto& [column, value] : file.partition) columns.insert(column);
    }
    std::vector<std::string> made;
    if (!by_folders.empty()) made.push_back(read_by_folders(by_folders, columns));
    for (const auto& [values, paths] : by_values) made.push_back(read_with_values(paths, values));
    return made;
}

std::string select(const SqlView& view) {
    std::vector<std::string> names;
    std::vector<std::string> nulls;
    for (const auto& column : view.columns) {
        names.push_back(sql_identifier(column.name));
        nulls.push_back(fmt::format("null::{} as {}", column.type, sql_identifier(column.name)));
    }
    std::vector<std::string> parts = {fmt::format("select {} where false", fmt::join(nulls, ", "))};
    std::ranges::move(reads(view.files), std::back_inserter(parts));
    return fmt::format("select {} from ({})", fmt::join(names, ", "),
                       fmt::join(parts, " union all by name "));
}

}  // namespace

std::string sql_literal(std::string_view text) {
    return quoted(text, '\'');
}

std::string sql_identifier(std::string_view name) {
    return quoted(name, '"');
}

std::string sql_list(const std::vector<std::string>& texts) {
    std::vector<std::string> literals;
    std::ranges::transform(texts, std::back_inserter(literals), sql_literal);
    return fmt::format("[{}]", fmt::join(literals, ", "));
}

std::string create_view(const SqlView& view) {
    const auto dot = view.name.find('.');
    if (dot == std::string::npos)
        return fmt::format("create view {} as {};\n", sql_identifier(view.name), select(view));
    const std::string schema = sql_identifier(view.name.substr(0, dot));
    return fmt::format("create schema if not exists {};\ncreate view {}.{} as {};\n", schema, schema,
                       sql_identifier(view.name.substr(dot + 1)), select(view));
}

bool mentions(std::string_view query, const SqlView& view) {
    const auto has = [&](std::string_view word) {
        const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
        return word.empty() || !std::ranges::search(query, word, same).empty();
    };
    const std::string_view name = view.name;
    const auto dot = std::min(name.find('.'), name.size());
    return has("show") || (has(name.substr(0, dot)) && has(name.substr(std::min(dot + 1, name.size()))));
}

}  // namespace millrace::serve
