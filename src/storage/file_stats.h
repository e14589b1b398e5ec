#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "model/timestamp.h"
#include "storage/delta_action.h"

namespace millrace::storage {

/// A data file's statistics from the Delta log. Any of them may be missing, because other writers keep fewer.
class FileStats {
  public:
    explicit FileStats(const AddFile& add);

    [[nodiscard]] std::optional<std::int64_t> rows() const;
    /// Returns the lower bound of an integer column, or nullopt if it is unknown.
    [[nodiscard]] std::optional<std::int64_t> min(std::string_view column) const {
        return integer("minValues", column);
    }
    [[nodiscard]] std::optional<std::int64_t> max(std::string_view column) const {
        return integer("maxValues", column);
    }
    /// Returns a column's value as JSON if the statistics show that all rows have the same value, or else
    /// nullopt.
    [[nodiscard]] std::optional<std::string> constant(std::string_view column) const;
    /// Returns a bound of a timestamp column in µs. Bounds are rounded outwards, because the log keeps only
    /// ms.
    [[nodiscard]] std::optional<model::Timestamp> min_time(std::string_view column) const;
    [[nodiscard]] std::optional<model::Timestamp> max_time(std::string_view column) const;

  private:
    [[nodiscard]] const boost::json::value& bound(std::string_view which, std::string_view column) const;
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view which, std::string_view column) const;

    boost::json::object stats_;
};

/// Returns the value of a partition column, or an empty string.
std::string_view partition_value(const AddFile& add, std::string_view column);

}  // namespace millrace::storage
