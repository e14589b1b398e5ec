#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::storage {

/// The partition columns of a file with their values, in the table's order.
using PartitionValues = std::vector<std::pair<std::string, std::string>>;

/// `event_date=2019-10-01/event_type=view`: Hive's directory names, escaped as Spark does.
std::string partition_directory(const PartitionValues& values);

/// A path as it stands in the Delta log: URI-encoded (RFC 2396), so that `%` of an escaped directory becomes
/// `%25`.
std::string encode_path(std::string_view path);
std::string decode_path(std::string_view encoded);

}  // namespace millrace::storage
