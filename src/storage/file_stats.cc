#include "storage/file_stats.h"

#include "model/timestamp.h"

namespace millrace::storage {

namespace json = boost::json;

FileStats::FileStats(const AddFile& add) {
    boost::system::error_code error;
    json::value stats = json::parse(add.stats, error);
    if (!error && stats.is_object()) stats_ = std::move(stats.get_object());
}

std::optional<std::int64_t> FileStats::rows() const {
    const json::value& rows = base::member(stats_, "numRecords");
    if (!rows.is_int64()) return std::nullopt;
    return rows.get_int64();
}

const json::value& FileStats::bound(std::string_view which, std::string_view column) const {
    static const json::value none;
    const auto* bounds = base::member(stats_, which).if_object();
    return bounds == nullptr ? none : base::member(*bounds, column);
}

std::optional<std::int64_t> FileStats::integer(std::string_view which, std::string_view column) const {
    const json::value& value = bound(which, column);
    if (!value.is_int64()) return std::nullopt;
    return value.get_int64();
}

std::optional<std::string> FileStats::constant(std::string_view column) const {
    const json::value& low = bound("minValues", column);
    if (low.is_null() || low != bound("maxValues", column)) return std::nullopt;
    return json::serialize(low);
}

std::optional<model::Timestamp> FileStats::min_time(std::string_view column) const {
    const json::value& value = bound("minValues", column);
    return value.is_string() ? model::parse_timestamp(std::string_view(value.get_string())) : std::nullopt;
}

std::optional<model::Timestamp> FileStats::max_time(std::string_view column) const {
    const json::value& value = bound("maxValues", column);
    const auto time =
        value.is_string() ? model::parse_timestamp(std::string_view(value.get_string())) : std::nullopt;
    // Other writers truncate to the ms.
    return time ? std::optional(*time + std::chrono::microseconds(999)) : std::nullopt;
}

std::string_view partition_value(const AddFile& add, std::string_view column) {
    for (const auto& [name, value] : add.partition_values) {
        if (name == column) return value;
    }
    return {};
}

}  // namespace millrace::storage
