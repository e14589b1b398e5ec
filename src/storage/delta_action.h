#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/partition_path.h"

/// The actions of a Delta Lake commit, reader 1 / writer 2 (PROTOCOL.md of delta-io/delta).
namespace millrace::storage {

struct AddFile {
    std::string path;  ///< relative to the table, decoded
    PartitionValues partition_values;
    std::int64_t size = 0;
    base::WallTime modification_time;
    bool data_change = true;
    std::string stats;  ///< JSON, or empty
};

struct RemoveFile {
    std::string path;
    PartitionValues partition_values;
    std::int64_t size = 0;
    base::WallTime deletion_timestamp;
    bool data_change = true;
};

struct Txn {
    std::string app_id;
    std::int64_t version = 0;
    base::WallTime last_updated;
};

struct Metadata {
    std::string id;
    std::string name;
    std::string schema_json;  ///< Delta's schema as JSON
    std::vector<std::string> partition_columns;
    std::map<std::string, std::string> configuration;
    base::WallTime created_time;
};

struct Protocol {
    int min_reader_version = 1;
    int min_writer_version = 2;
    std::vector<std::string> reader_features;
    std::vector<std::string> writer_features;
};

/// The operation of a commit that replaces rows by the same ones, computed anew.
inline constexpr std::string_view replace_operation = "REPLACE";

/// One commit. Its operation and timestamp become commitInfo, which readers treat as a comment.
struct Commit {
    std::optional<Protocol> protocol;
    std::optional<Metadata> metadata;
    std::vector<AddFile> adds;
    std::vector<RemoveFile> removes;
    std::vector<Txn> txns;
    std::string operation = "WRITE";
    base::WallTime timestamp;

    [[nodiscard]] bool removes_data() const;
    /// Returns whether the commit has a txn of one of these applications.
    [[nodiscard]] bool moves_any(const std::set<std::string>& app_ids) const;
};

/// Parses the lines of a commit file. `name` is used in Errors. Throws an Error if the JSON is malformed, if
/// the file is empty, if a commit of Millrace has lost lines, and if the commit needs a feature that reader
/// version 1 does not know, which the Error names. It never misreads a commit.
Commit parse_commit(std::string_view text, std::string_view name);
std::string serialize_commit(const Commit& commit);

/// Returns the decoded path of an add or remove action. Throws an Error if the path is absolute (as in a
/// shallow clone) or leaves the table's directory, because such a file does not belong to the table.
std::string table_path(std::string_view encoded, std::string_view name);

/// Throws an Error that names the feature if reader version 1 cannot read the table.
void check_readable(const Protocol& protocol, std::string_view table);
/// Throws an Error that names the feature if writer version 2 cannot write the table.
void check_writable(const Protocol& protocol, const Metadata& metadata, std::string_view table);

}  // namespace millrace::storage
