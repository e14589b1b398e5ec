#include "pipeline/partition_progress.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace millrace::pipeline {

namespace {

constexpr const char* received = "/received";
constexpr const char* duplicates = "/duplicates";
constexpr const char* quarantined = "/quarantined";
constexpr const char* last_crc = "/crc";

}  // namespace

std::string progress_app_id(const std::string& topic, int epoch, int partition) {
    return fmt::format("millrace/{}/{}/{}", topic, epoch, partition);
}

PartitionProgress read_progress(const storage::Snapshot& snapshot, const std::string& topic, int epoch,
                                int partition, bronze::Offset start) {
    const std::string id = progress_app_id(topic, epoch, partition);
    return {snapshot.txn(id, start), snapshot.txn(id + received, 0), snapshot.txn(id + duplicates, 0),
            snapshot.txn(id + quarantined, 0), snapshot.txn(id + last_crc, -1)};
}

void append_progress(std::vector<storage::Txn>& txns, const std::string& topic, int epoch, int partition,
                     const PartitionProgress& progress) {
    const std::string id = progress_app_id(topic, epoch, partition);
    const std::int64_t now = base::now_ms();
    txns.push_back({id, progress.next_offset, now});
    txns.push_back({id + received, progress.received, now});
    txns.push_back({id + duplicates, progress.duplicates, now});
    txns.push_back({id + quarantined, progress.quarantined, now});
    txns.push_back({id + last_crc, progress.last_crc, now});
}

std::int64_t record_crc(const bronze::Record& record) {
    return base::crc32c(record.value, base::crc32c(record.key));
}

void check_same_log(const bronze::EventLog& log, int partition, const PartitionProgress& progress) {
    const bronze::OffsetRange held = log.offsets(partition);
    const std::string doing =
        fmt::format("continuing {} partition {} at offset {}", log.topic(), partition, progress.next_offset);
    constexpr const char* remedy =
        "Data was lost: restore the log, or start a new data directory for what it holds now.";
    if (progress.next_offset > held.end) {
        throw Error(doing, fmt::format("the log ends at offset {}", held.end), remedy);
    }
    if (progress.next_offset < held.start) {
        throw Error(
            doing,
            fmt::format("the log begins at offset {}: {} records were removed before they were processed",
                        held.start, held.start - progress.next_offset),
            remedy);
    }
    if (progress.last_crc < 0 || progress.next_offset - 1 < held.start) return;
    const auto reader = log.read(partition, progress.next_offset - 1);
    const auto records = reader->poll(1);
    if (records.empty() || record_crc(records.front()) != progress.last_crc) {
        throw Error(doing, "the record before it is not the one that was processed", remedy);
    }
}

}  // namespace millrace::pipeline
