#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/data_directory.h"
#include "gold/gold_tables.h"
#include "gold/stage/late_days.h"

namespace millrace::gold {

/// The content of a gold table.
struct GoldTableStatus {
    Table table{};
    std::int64_t rows = 0;
    std::int64_t provisional = 0;  ///< the part of `rows` from open windows
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::int64_t days = 0;
    std::string correcting;  ///< days whose rows lack late events, as text; empty when there are none
    std::string why_empty;   ///< the sentence of why_empty(); empty when the table has rows
};

/// The days whose published rows lack late events until the batch layer corrects them, according to the state
/// on disk and the tables. None without a state.
LateDays late_days(const catalog::DataDirectory& data);

/// The status of all gold tables, including those that do not exist yet.
std::vector<GoldTableStatus> gold_status(const catalog::DataDirectory& data);

/// Why a gold table has no rows, and when its first row is due, as a sentence without a full stop. Empty when
/// the table has rows.
std::string why_empty(const catalog::DataDirectory& data, Table table);

}  // namespace millrace::gold
