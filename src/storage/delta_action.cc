#include "storage/delta_action.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/error.h"
#include "base/json.h"

namespace millrace::storage {

namespace json = boost::json;
using base::boolean_member;
using base::integer_member;
using base::member;
using base::string_member;

namespace {

constexpr const char* engine_info = "Millrace";
// Number of lines in the commit's file, in commitInfo's operationMetrics.
constexpr const char* lines_metric = "numLines";

std::vector<std::string> strings_of(const json::value& value) {
    std::vector<std::string> strings;
    if (const auto* array = value.if_array()) {
        for (const json::value& item : *array) {
            if (item.is_string()) strings.emplace_back(item.get_string());
        }
    }
    return strings;
}

PartitionValues partition_values_of(const json::object& action) {
    PartitionValues values;
    if (const auto* object = member(action, "partitionValues").if_object()) {
        for (const auto& [key, value] : *object) {
            values.emplace_back(key, value.is_string() ? std::string(value.get_string()) : std::string());
        }
    }
    return values;
}

json::object json_of(const PartitionValues& values) {
    json::object object;
    for (const auto& [key, value] : values) {
        object[key] = value.empty() ? json::value() : json::value(value);
    }
    return object;
}

std::string path_of(const json::object& action, std::string_view name) {
    return table_path(string_member(action, "path"), name);
}

void refuse_deletion_vector(const json::object& action, std::string_view name) {
    if (member(action, "deletionVector").is_null()) return;
    throw Error(fmt::format("reading {}", name),
                "the table uses the feature deletionVectors, which is not supported",
                "Purge them with another engine (REORG TABLE … APPLY (PURGE)) and drop the feature.");
}

AddFile parse_add(const json::object& action, std::string_view name) {
    refuse_deletion_vector(action, name);
    AddFile add;
    add.path = path_of(action, name);
    add.partition_values = partition_values_of(action);
    add.size = integer_member(action, "size");
    add.modification_time = base::from_ms(integer_member(action, "modificationTime"));
    add.data_change = boolean_member(action, "dataChange", true);
    add.stats = string_member(action, "stats");
    return add;
}

RemoveFile parse_remove(const json::object& action, std::string_view name) {
    RemoveFile remove;
    remove.path = path_of(action, name);
    remove.partition_values = partition_values_of(action);
    remove.size = integer_member(action, "size");
    remove.deletion_timestamp = base::from_ms(integer_member(action, "deletionTimestamp"));
    remove.data_change = boolean_member(action, "dataChange", true);
    return remove;
}

Metadata parse_metadata(const json::object& action) {
    Metadata metadata;
    metadata.id = string_member(action, "id");
    metadata.name = string_member(action, "name");
    metadata.schema_json = string_member(action, "schemaString");
    metadata.partition_columns = strings_of(member(action, "partitionColumns"));
    metadata.created_time = base::from_ms(integer_member(action, "createdTime"));
    if (const auto* configuration = member(action, "configuration").if_object()) {
        for (const auto& [key, value] : *configuration) {
            if (value.is_string()) metadata.configuration[key] = std::string(value.get_string());
        }
    }
    return metadata;
}

Protocol parse_protocol(const json::object& action) {
    Protocol protocol;
    protocol.min_reader_version = static_cast<int>(integer_member(action, "minReaderVersion", 1));
    protocol.min_writer_version = static_cast<int>(integer_member(action, "minWriterVersion", 2));
    protocol.reader_features = strings_of(member(action, "readerFeatures"));
    protocol.writer_features = strings_of(member(action, "writerFeatures"));
    return protocol;
}

void parse_action(const json::object& line, std::string_view name, Commit& commit) {
    for (const auto& [kind, value] : line) {
        const auto* action = value.if_object();
        if (action == nullptr) continue;
        if (kind == "add") commit.adds.push_back(parse_add(*action, name));
        if (kind == "remove") commit.removes.push_back(parse_remove(*action, name));
        if (kind == "metaData") commit.metadata = parse_metadata(*action);
        if (kind == "protocol") commit.protocol = parse_protocol(*action);
        if (kind == "txn") {
            commit.txns.push_back({string_member(*action, "appId"), integer_member(*action, "version"),
                                   base::from_ms(integer_member(*action, "lastUpdated"))});
        }
        if (kind == "commitInfo") {
            commit.operation = string_member(*action, "operation", "WRITE");
            commit.timestamp = base::from_ms(integer_member(*action, "timestamp"));
        }
    }
}

json::object json_of(const Metadata& metadata) {
    json::array columns;
    for (const auto& column : metadata.partition_columns) columns.emplace_back(column);
    json::object configuration;
    for (const auto& [key, value] : metadata.configuration) configuration[key] = value;
    return {{"id", metadata.id},
            {"name", metadata.name},
            {"format", json::object{{"provider", "parquet"}, {"options", json::object{}}}},
            {"schemaString", metadata.schema_json},
            {"partitionColumns", std::move(columns)},
            {"configuration", std::move(configuration)},
            {"createdTime", base::to_ms(metadata.created_time)}};
}

json::object json_of(const AddFile& add) {
    json::object object{{"path", encode_path(add.path)},
                        {"partitionValues", json_of(add.partition_values)},
                        {"size", add.size},
                        {"modificationTime", base::to_ms(add.modification_time)},
                        {"dataChange", add.data_change}};
    if (!add.stats.empty()) object["stats"] = add.stats;
    return object;
}

json::object json_of(const RemoveFile& remove) {
    return {{"path", encode_path(remove.path)},
            {"deletionTimestamp", base::to_ms(remove.deletion_timestamp)},
            {"dataChange", remove.data_change},
            {"extendedFileMetadata", true},
            {"partitionValues", json_of(remove.partition_values)},
            {"size", remove.size}};
}

/// Returns the number of lines in the commit's file.
std::size_t lines_of(const Commit& commit) {
    return 1 + (commit.protocol ? 1 : 0) + (commit.metadata ? 1 : 0) + commit.txns.size() +
           commit.removes.size() + commit.adds.size();
}

/// Returns the number of lines that a Millrace commit claims to have, or -1 if the action does not contain
/// it.
std::int64_t lines_claimed(const json::object& line) {
    const auto* info = member(line, "commitInfo").if_object();
    if (info == nullptr || string_member(*info, "engineInfo") != engine_info) return -1;
    const auto* metrics = member(*info, "operationMetrics").if_object();
    if (metrics == nullptr) return -1;
    const std::string text = string_member(*metrics, lines_metric);
    std::int64_t lines = -1;
    std::from_chars(text.data(), text.data() + text.size(), lines);
    return lines;
}

/// A damaged file system may leave a file empty, or cut at the end of a line. Such a file must not be read as
/// a commit that did less. Commits of other writers do not tell their length and need no commitInfo, but they
/// have at least one line.
void refuse_cut_commit(std::int64_t lines, std::int64_t expected, std::string_view name) {
    if (lines > 0 && (expected < 0 || lines == expected)) return;
    throw Error(fmt::format("reading {}", name),
                lines == 0 ? "the commit is empty"
                           : fmt::format("the commit has {} of its {} lines", lines, expected),
                "Restore the file from a backup, or move the table away and rebuild it.");
}

std::string feature_names(const std::vector<std::string>& features, int version, std::string_view role) {
    if (!features.empty()) return fmt::format("{}", fmt::join(features, ", "));
    return fmt::format("{} version {}", role, version);
}

}  // namespace

std::string table_path(std::string_view encoded, std::string_view name) {
    std::string path = decode_path(encoded);
    const std::filesystem::path components(path);
    const bool escapes = path.empty() || path.starts_with('/') || path.find("://") != std::string::npos ||
                         path.starts_with("file:") || path.find('\0') != std::string::npos ||
                         std::ranges::find(components, "..") != components.end();
    if (escapes) {
        throw Error(fmt::format("reading {}", name),
                    fmt::format("the file path \"{}\" is not inside the table (a shallow clone?)", path),
                    "Copy the table with its files, then read the copy.");
    }
    return path;
}

bool Commit::removes_data() const {
    return std::ranges::any_of(removes, [](const RemoveFile& remove) { return remove.data_change; });
}

bool Commit::moves_any(const std::set<std::string>& app_ids) const {
    return std::ranges::any_of(txns, [&](const Txn& txn) { return app_ids.contains(txn.app_id); });
}

Commit parse_commit(std::string_view text, std::string_view name) {
    Commit commit;
    std::int64_t lines = 0;
    std::int64_t expected = -1;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const json::value value = base::parse_json(line, name);
        if (!value.is_object())
            throw Error(fmt::format("reading {}", name), "an action is not a JSON object");
        ++lines;
        expected = std::max(expected, lines_claimed(value.get_object()));
        parse_action(value.get_object(), name, commit);
    }
    refuse_cut_commit(lines, expected, name);
    return commit;
}

std::string serialize_commit(const Commit& commit) {
    std::string text;
    const auto put = [&text](std::string_view kind, json::object action) {
        text += json::serialize(json::object{{kind, std::move(action)}});
        text += '\n';
    };
    put("commitInfo", {{"timestamp", base::to_ms(commit.timestamp)},
                       {"operation", commit.operation},
                       {"operationParameters", json::object{}},
                       {"operationMetrics", json::object{{lines_metric, std::to_string(lines_of(commit))}}},
                       {"engineInfo", engine_info}});
    if (commit.protocol) {
        put("protocol", {{"minReaderVersion", commit.protocol->min_reader_version},
                         {"minWriterVersion", commit.protocol->min_writer_version}});
    }
    if (commit.metadata) put("metaData", json_of(*commit.metadata));
    for (const Txn& txn : commit.txns) {
        put("txn", {{"appId", txn.app_id},
                    {"version", txn.version},
                    {"lastUpdated", base::to_ms(txn.last_updated)}});
    }
    for (const RemoveFile& remove : commit.removes) put("remove", json_of(remove));
    for (const AddFile& add : commit.adds) put("add", json_of(add));
    return text;
}

void check_readable(const Protocol& protocol, std::string_view table) {
    if (protocol.min_reader_version <= 1) return;
    throw Error(fmt::format("opening the Delta table {}", table),
                fmt::format("it needs {}, which is not supported",
                            feature_names(protocol.reader_features, protocol.min_reader_version, "reader")),
                "Drop the feature with the engine that added it (ALTER TABLE … DROP FEATURE).");
}

void check_writable(const Protocol& protocol, const Metadata& metadata, std::string_view table) {
    const auto refuse = [&](std::string_view what) {
        throw Error(fmt::format("opening the Delta table {} to write", table),
                    fmt::format("it needs {}, which is not supported", what),
                    "Drop the feature with the engine that added it (ALTER TABLE … DROP FEATURE).");
    };
    if (protocol.min_writer_version > 2) {
        refuse(feature_names(protocol.writer_features, protocol.min_writer_version, "writer"));
    }
    if (metadata.schema_json.find("delta.invariants") != std::string::npos) refuse("column invariants");
}

}  // namespace millrace::storage
