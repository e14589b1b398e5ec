#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/data_directory.h"
#include "gold/gold_tables.h"

namespace millrace::gold {

/// What a gold table holds.
struct GoldTableStatus {
    Table table{};
    std::int64_t rows = 0;
    std::int64_t provisional = 0;  ///< of them: rows of windows that are open still
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::int64_t days = 0;
    std::string why_empty;  ///< as why_empty() says it
};

/// All gold tables, whether they are there yet or not.
std::vector<GoldTableStatus> gold_status(const catalog::DataDirectory& data);

/// Why a gold table has no rows, and when its first one is due: a sentence for people, without a full stop.
/// Empty when the table has rows.
std::string why_empty(const catalog::DataDirectory& data, Table table);

}  // namespace millrace::gold
