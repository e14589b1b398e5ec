#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "storage/delta_action.h"

namespace millrace::storage {

/// A data file's stats as the Delta log tells them. Any may be missing: other writers keep fewer.
class FileStats {
  public:
    explicit FileStats(const AddFile& add);

    [[nodiscard]] std::optional<std::int64_t> rows() const;
    /// The bounds of an integer column.
    [[nodiscard]] std::optional<std::int64_t> min(std::string_view column) const {
        return integer("minValues", column);
    }
    [[nodiscard]] std::optional<std::int64_t> max(std::string_view column) const {
        return integer("maxValues", column);
    }
    /// The value of a column in all rows, as JSON; nothing when it isn't known to be the same.
    [[nodiscard]] std::optional<std::string> constant(std::string_view column) const;
    /// The bounds of a timestamp column, µs; rounded outwards to the ms that the log keeps.
    [[nodiscard]] std::optional<std::int64_t> min_time(std::string_view column) const;
    [[nodiscard]] std::optional<std::int64_t> max_time(std::string_view column) const;

  private:
    [[nodiscard]] const boost::json::value& bound(std::string_view which, std::string_view column) const;
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view which, std::string_view column) const;

    boost::json::object stats_;
};

/// The value of a partition column, or empty.
std::string_view partition_value(const AddFile& add, std::string_view column);

}  // namespace millrace::storage
