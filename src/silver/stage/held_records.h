#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "bronze/record.h"
#include "model/timestamp.h"
#include "silver/id_set.h"
#include "silver/stage/table_ids.h"

namespace millrace::silver {

struct LaneContext;
struct LanePart;

/// A record that outlives its reader's next poll.
class OwnedRecord {
  public:
    explicit OwnedRecord(const bronze::Record& record);

    /// The record, which points into this object.
    [[nodiscard]] bronze::Record view() const;

  private:
    bronze::Offset offset_;
    std::int64_t timestamp_ms_;
    std::size_t value_size_;
    std::size_t key_size_;
    bool has_key_;
    std::string bytes_;  // the value, its padding, the key, the headers
};

/// A clean record whose id is new to the id set, which may have dropped that of its original: it waits for a
/// look into the table, when its batch is committed.
struct HeldRecord {
    int partition = 0;
    int log_epoch = 0;
    IdHash id;
    model::Timestamp time = 0;           ///< of its event
    model::Timestamp horizon_start = 0;  ///< when it came
    OwnedRecord record;
};

/// Looks the held records of sealed parts up in the table, whose live files are `files` under `root`. Copies
/// are counted as their partitions' copies_in_table, and the others become rows. Runs on `pool`, beside the
/// lanes, which are filling the next batch.
void settle_held(std::vector<LanePart>& parts, const std::filesystem::path& root, const Files& files,
                 const LaneContext& context, base::WorkerPool& pool);

}  // namespace millrace::silver
