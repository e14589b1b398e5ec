#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/live_view.h"
#include "base/json.h"
#include "model/alert.h"
#include "model/shop_settings.h"

namespace millrace::api {

/// The report `summary` (schemas/reports/summary.sql) for people who read a terminal: the last day of a shop.
class DaySummary {
  public:
    /// Takes the report's row.
    explicit DaySummary(base::json::object row) : row_(std::move(row)) {}

    [[nodiscard]] const base::json::object& to_json() const { return row_; }
    [[nodiscard]] std::string text() const;

  private:
    base::json::object row_;
};

/// Summarizes the last day in Gold's tables and open windows, with the alerts after the sequence number
/// `alerts_before`. Returns nothing, and logs the reason, if the report cannot be made, for instance because
/// DuckDB is not installed. `duckdb` is the path of DuckDB's program; if it is empty, the program is
/// searched.
std::optional<DaySummary> summarize_last_day(const catalog::DataDirectory& data,
                                             const model::ShopSettings& settings,
                                             gold::OpenWindowsChannel& open,
                                             model::AlertSequence alerts_before,
                                             const std::filesystem::path& duckdb);

}  // namespace millrace::api
