#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bronze/event_log.h"
#include "model/timestamp.h"
#include "storage/delta_table.h"

namespace millrace::catalog {

/// The progress of the silver table in one bronze partition. The `txn` actions of the table hold it. The
/// commit that adds the rows also writes the progress, so that the two cannot differ.
struct PartitionProgress {
    bronze::Offset next_offset{0};
    std::int64_t received = 0;     ///< records read since the first one that was processed
    std::int64_t items = 0;        ///< items of the received records, at least one of each
    std::int64_t duplicates = 0;   ///< duplicates among the items
    std::int64_t quarantined = 0;  ///< quarantined items
    std::int64_t ignored = 0;      ///< items that are no events
    /// Offsets without a record: records that were removed before they were read, or Kafka's control records.
    std::int64_t skipped = 0;
    /// The partition's clock for deduplication (silver::Horizon); nothing before its first clean event, and
    /// in tables of versions that did not store it.
    std::optional<model::Timestamp> clock;
    std::int64_t last_crc = -1;  ///< record_crc() of the record before next_offset; -1: no such record
    /// The version of the decoders that decoded the last records, or 0 from before there were versions.
    int decoder = 0;
    bronze::Offset decoded_from{0};  ///< from here on, that version has decoded all records

    [[nodiscard]] std::int64_t silver_rows() const { return items - duplicates - quarantined - ignored; }
    /// Advances to the offset `next`. `records` of the passed offsets had a record; the others are counted as
    /// skipped.
    void pass_to(bronze::Offset next, std::int64_t records) {
        skipped += next - next_offset - records;
        next_offset = next;
    }
    /// Notes the version of the decoders that decode the records from here on.
    void decode_with(int version) {
        if (decoder == version) return;
        decoder = version;
        decoded_from = next_offset;
    }
};

/// Identifies the log that a progress belongs to. The epoch distinguishes a topic from an earlier one of the
/// same name. The embedded log stores its epoch. Kafka's client does not provide one, so the silver table
/// stores the epoch of a Kafka topic.
struct LogIdentity {
    std::string topic;
    int epoch = 0;

    friend bool operator==(const LogIdentity&, const LogIdentity&) = default;

    /// The appId `millrace/<topic>/<epoch>/<partition>`. The version of its txn is the next offset.
    [[nodiscard]] std::string progress_app_id(int partition) const;
    /// The appId of the txn with a partition's clock in µs.
    [[nodiscard]] std::string clock_app_id(int partition) const;
    /// The appId `millrace/<topic>/epoch`. The version of its txn is the epoch of a Kafka topic, from the
    /// second epoch on.
    [[nodiscard]] std::string epoch_app_id() const;
};

/// Returns the identity that the snapshot gives to `log`.
LogIdentity identify(const storage::Snapshot& snapshot, const bronze::EventLog& log);

/// Returns the progress that the snapshot holds in a partition of `log`, or nothing if it holds none.
std::optional<PartitionProgress> stored_progress(const storage::Snapshot& snapshot, const LogIdentity& log,
                                                 int partition);
/// Returns the progress that the snapshot holds. If it holds none, the progress begins at the start of the
/// log.
PartitionProgress read_progress(const storage::Snapshot& snapshot, const bronze::EventLog& log,
                                int partition);
/// Appends the txns that store `progress`.
void append_progress(std::vector<storage::Txn>& txns, const LogIdentity& log, int partition,
                     const PartitionProgress& progress);

/// Returns the txn that stores how many records the log had beyond the batch when the batch was committed.
storage::Txn behind_txn(const LogIdentity& log, int partition, std::int64_t records);

/// The state of a bronze partition according to the commits of Silver.
struct PartitionStatus {
    int partition = 0;
    base::WallTime committed_at;   ///< time of the last commit that advanced the partition
    std::int64_t behind = 0;       ///< records in the log beyond that commit, at its time
    std::int64_t received = 0;     ///< records received since the beginning
    std::int64_t quarantined = 0;  ///< quarantined items of the received records
};
/// Returns the status of the partitions that a silver commit advanced.
std::vector<PartitionStatus> read_status(const storage::Commit& commit);
/// Returns the status of all partitions in a snapshot of Silver.
std::vector<PartitionStatus> read_status(const storage::Snapshot& snapshot);

/// Returns the CRC-32C of the record's key and value. After a restart, it shows whether the log still has the
/// same record.
std::int64_t record_crc(const bronze::Record& record);

/// Returns the `records` before the offset `end`. `records` must be in the order of their offsets.
std::span<const bronze::Record> before(std::span<const bronze::Record> records, bronze::Offset end);

/// Returns the progress to continue from if the log has removed records before they were processed. Counts
/// them as skipped and logs a warning. Returns `progress` unchanged if no record is missing.
PartitionProgress past_lost_records(const bronze::EventLog& log, int partition, PartitionProgress progress);

/// Begins a new epoch of the log, durably: the log is processed from its start.
void begin_epoch(storage::DeltaTable& table, const bronze::EventLog& log);

/// Returns why the log cannot be the one that `progress` belongs to: the log is shorter, or the record before
/// `progress.next_offset` is not the one that was processed. Returns nothing if no difference is found.
std::optional<std::string> find_other_log(const bronze::EventLog& log, int partition,
                                          const PartitionProgress& progress);

/// Returns true if find_other_log() finds a difference in one of `partitions`, and logs it as a warning. The
/// topic was then created again (begin_epoch()). Always returns false for a log that stores its epoch,
/// because that epoch identifies it.
bool was_recreated(const bronze::EventLog& log, const storage::Snapshot& snapshot,
                   const std::vector<int>& partitions);

/// Throws an Error that names the partition if find_other_log() finds a difference, or if the log begins
/// after the progress.
void check_same_log(const bronze::EventLog& log, int partition, const PartitionProgress& progress);

}  // namespace millrace::catalog
