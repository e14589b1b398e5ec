#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/partition_path.h"

/// The actions of a Delta Lake commit, reader 1 / writer 2 (PROTOCOL.md of delta-io/delta). Timestamps are
/// ms.
namespace millrace::storage {

struct AddFile {
    std::string path;  ///< relative to the table, decoded
    PartitionValues partition_values;
    std::int64_t size = 0;
    std::int64_t modification_time = 0;
    bool data_change = true;
    std::string stats;  ///< JSON, or empty
};

struct RemoveFile {
    std::string path;
    PartitionValues partition_values;
    std::int64_t size = 0;
    std::int64_t deletion_timestamp = 0;
    bool data_change = true;
};

struct Txn {
    std::string app_id;
    std::int64_t version = 0;
    std::int64_t last_updated = 0;
};

struct Metadata {
    std::string id;
    std::string name;
    std::string schema_json;  ///< Delta's schema, itself JSON
    std::vector<std::string> partition_columns;
    std::map<std::string, std::string> configuration;
    std::int64_t created_time = 0;
};

struct Protocol {
    int min_reader_version = 1;
    int min_writer_version = 2;
    std::vector<std::string> reader_features;
    std::vector<std::string> writer_features;
};

/// One commit. `operation` and `info` become commitInfo, which readers treat as a comment.
struct Commit {
    std::optional<Protocol> protocol;
    std::optional<Metadata> metadata;
    std::vector<AddFile> adds;
    std::vector<RemoveFile> removes;
    std::vector<Txn> txns;
    std::string operation = "WRITE";
    std::int64_t timestamp = 0;

    [[nodiscard]] bool removes_data() const;
    /// Whether it has a txn of one of these applications.
    [[nodiscard]] bool moves_any(const std::set<std::string>& app_ids) const;
};

/// Reads a commit file's lines. `name` is for Errors. Throws an Error on malformed JSON, on an empty file, on
/// one of Millrace's that has lost lines, and on what reader version 1 doesn't know, naming the feature;
/// never misreads.
Commit parse_commit(std::string_view text, std::string_view name);
std::string serialize_commit(const Commit& commit);

/// The path of an add or remove, decoded. Absolute ones (a shallow clone's) and ones that leave the table are
/// refused with an Error, since those files aren't the table's.
std::string table_path(std::string_view encoded, std::string_view name);

/// Throws an Error that names the feature when a table can't be read by reader version 1.
void check_readable(const Protocol& protocol, std::string_view table);
/// Throws an Error that names the feature when a table can't be written by writer version 2.
void check_writable(const Protocol& protocol, const Metadata& metadata, std::string_view table);

}  // namespace millrace::storage
