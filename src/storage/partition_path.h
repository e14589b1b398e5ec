#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::storage {

/// The partition columns of a file with their values, in the order of the table's partition columns.
using PartitionValues = std::vector<std::pair<std::string, std::string>>;

/// Returns a directory name in Hive's form, `event_date=2019-10-01/event_type=view`, escaped as in Spark.
std::string partition_directory(const PartitionValues& values);

/// Encodes a path as in the Delta log: URI-encoded (RFC 2396), so the `%` of an escaped directory becomes
/// `%25`.
std::string encode_path(std::string_view path);
std::string decode_path(std::string_view encoded);

}  // namespace millrace::storage
