#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bronze/event_log.h"
#include "storage/delta_table.h"

namespace millrace::catalog {

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
    /// Moves on to `next`; of the offsets passed `records` had a record, and the others are counted as
    /// skipped.
    void pass_to(bronze::Offset next, std::int64_t records) {
        skipped += next - next_offset - records;
        next_offset = next;
    }
};

/// Which log a progress is of. The epoch tells a topic from an earlier one of the same name: the embedded log
/// knows its own; Kafka's client tells none, so of a Kafka topic the table does.
struct LogIdentity {
    std::string topic;
    int epoch = 0;

    friend bool operator==(const LogIdentity&, const LogIdentity&) = default;

    /// `millrace/<topic>/<epoch>/<partition>`: the appId whose version is the next offset.
    [[nodiscard]] std::string progress_app_id(int partition) const;
    /// `millrace/<topic>/epoch`: the appId whose version is a Kafka topic's epoch, from the second one on.
    [[nodiscard]] std::string epoch_app_id() const;
};

/// What a snapshot takes `log` for.
LogIdentity identify(const storage::Snapshot& snapshot, const bronze::EventLog& log);

/// The progress that a snapshot tells; a fresh one that begins at the log's start when there is none.
PartitionProgress read_progress(const storage::Snapshot& snapshot, const bronze::EventLog& log,
                                int partition);
/// The txns that tell `progress`.
void append_progress(std::vector<storage::Txn>& txns, const LogIdentity& log, int partition,
                     const PartitionProgress& progress);

/// The txn that tells how many records the log had, when the batch was committed, that it doesn't take in.
storage::Txn behind_txn(const LogIdentity& log, int partition, std::int64_t records);

/// What silver's commits say of a bronze partition.
struct PartitionStatus {
    int partition = 0;
    std::int64_t committed_ms = 0;  ///< when it was last moved
    std::int64_t behind = 0;        ///< records that the log had beyond it, then
    std::int64_t received = 0;      ///< records of it, since the beginning
    std::int64_t quarantined = 0;   ///< of them
};
/// Of all partitions that a silver commit has moved.
std::vector<PartitionStatus> read_status(const storage::Commit& commit);
/// Of all partitions.
std::vector<PartitionStatus> read_status(const storage::Snapshot& snapshot);

/// CRC-32C of a record's key and value: tells on restart whether the log still holds the same record.
std::int64_t record_crc(const bronze::Record& record);

/// Those of `records`, in offset order, that come before `end`.
std::span<const bronze::Record> before(std::span<const bronze::Record> records, bronze::Offset end);

/// Where to go on when the log has removed records before they were processed: they are counted as skipped,
/// with a warning. Otherwise `progress` as it is.
PartitionProgress past_lost_records(const bronze::EventLog& log, int partition, PartitionProgress progress);

/// Takes the log for a new one from now on, durably: its progress begins at its start.
void begin_epoch(storage::DeltaTable& table, const bronze::EventLog& log);

/// Why the log can't be the one that `progress` is of: it is shorter, or the record before
/// `progress.next_offset`, read again, is not the one that was processed. Nothing when it can.
std::optional<std::string> find_other_log(const bronze::EventLog& log, int partition,
                                          const PartitionProgress& progress);

/// The first of `partitions` in which find_other_log() finds something, told as a warning: then the topic is
/// to be taken for a new one (begin_epoch()). False for a log that knows its epoch, which must be the same.
bool was_made_anew(const bronze::EventLog& log, const storage::Snapshot& snapshot,
                   const std::vector<int>& partitions);

/// Throws an Error that names the partition when find_other_log() finds something, or when the log begins
/// later than the progress.
void check_same_log(const bronze::EventLog& log, int partition, const PartitionProgress& progress);

}  // namespace millrace::catalog
