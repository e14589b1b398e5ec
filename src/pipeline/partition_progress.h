#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bronze/event_log.h"
#include "storage/delta_checkpoint.h"

namespace millrace::pipeline {

/// How far the silver table has come in one bronze partition. It is kept in the table's own `txn` actions,
/// written by the commit that has the rows, so that it can't differ from them.
struct PartitionProgress {
    bronze::Offset next_offset = 0;
    std::int64_t received = 0;     ///< records, from the first one taken on
    std::int64_t duplicates = 0;   ///< of them
    std::int64_t quarantined = 0;  ///< of them
    std::int64_t skipped =
        0;  ///< offsets without a record: removed before they were read, or Kafka's own marks
    std::int64_t last_crc = -1;  ///< record_crc() of the record before next_offset; -1 when there is none

    [[nodiscard]] std::int64_t silver_rows() const { return received - duplicates - quarantined; }
};

/// `millrace/<topic>/<epoch>/<partition>`: the appId whose version is the next offset.
std::string progress_app_id(const std::string& topic, int epoch, int partition);

/// The progress that a snapshot tells; a fresh one that begins at `start` when there is none.
PartitionProgress read_progress(const storage::Snapshot& snapshot, const std::string& topic, int epoch,
                                int partition, bronze::Offset start);
/// The txns that tell `progress`.
void append_progress(std::vector<storage::Txn>& txns, const std::string& topic, int epoch, int partition,
                     const PartitionProgress& progress);

/// CRC-32C of a record's key and value: tells on restart whether the log still holds the same record.
std::int64_t record_crc(const bronze::Record& record);

/// Where to go on when the log has removed records before they were processed: they are counted as skipped,
/// with a warning. Otherwise `progress` as it is.
PartitionProgress past_lost_records(const bronze::EventLog& log, int partition, PartitionProgress progress);

/// Reads the record before `progress.next_offset` again. Throws an Error that names the partition when it
/// isn't the one that was processed, or when the log is shorter or begins later than the progress.
void check_same_log(const bronze::EventLog& log, int partition, const PartitionProgress& progress);

}  // namespace millrace::pipeline
