#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "bronze/record.h"
#include "model/timestamp.h"
#include "silver/id_set.h"
#include "silver/stage/table_ids.h"

namespace millrace::silver {

struct LaneContext;
struct LanePart;

/// A copy of a record, which stays valid after the next poll of its reader.
class OwnedRecord {
  public:
    explicit OwnedRecord(const bronze::Record& record);

    /// Returns the record, which points into this object.
    [[nodiscard]] bronze::Record view() const;

  private:
    bronze::Offset offset_;
    base::WallTime timestamp_;
    std::size_t value_size_;
    std::size_t key_size_;
    bool has_key_;
    std::string bytes_;  // the value, its padding, the key and the headers
};

/// A clean item of a record whose id is new to the id set, but whose original the set may have dropped. It is
/// looked up in the table when its batch is committed.
struct HeldRecord {
    int partition = 0;
    int log_epoch = 0;
    IdHash id;
    model::Timestamp time;           ///< the time of the event
    model::Timestamp horizon_start;  ///< the start of the horizon when the record was read
    std::int32_t record_index = 0;   ///< the item's number in its record
    OwnedRecord record;
};

/// Looks up the held records of sealed parts in the table, whose live files are `files` under `root`.
/// Duplicates are counted as copies_in_table of their partitions, and the other records become rows. Runs on
/// `pool` while the lanes fill the next batch.
void settle_held(std::vector<LanePart>& parts, const std::filesystem::path& root, const Files& files,
                 const LaneContext& context, base::WorkerPool& pool);

}  // namespace millrace::silver
