#pragma once

#include <compare>
#include <cstdint>
#include <set>

#include "catalog/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::silver {

/// The place of an item in a partition of the log.
struct ItemPlace {
    bronze::Offset offset;
    std::int32_t record_index = 0;

    friend auto operator<=>(const ItemPlace&, const ItemPlace&) = default;
};
using ItemPlaces = std::set<ItemPlace>;

/// Returns the items of one partition, from the offset `from` on, that the quarantine table holds. They are
/// rows whose silver commit was never made.
ItemPlaces quarantined_items(const storage::DeltaTable& quarantine, const catalog::LogIdentity& log,
                             int partition, bronze::Offset from);

}  // namespace millrace::silver
