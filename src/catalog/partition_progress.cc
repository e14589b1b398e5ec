#include "catalog/partition_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/log.h"

namespace millrace::catalog {

namespace {

constexpr const char* received = "/received";
constexpr const char* items = "/items";
constexpr const char* ignored = "/ignored";
constexpr const char* duplicates = "/duplicates";
constexpr const char* quarantined = "/quarantined";
constexpr const char* skipped = "/skipped";
constexpr const char* clock_us = "/clock";
constexpr const char* last_crc = "/crc";
constexpr const char* decoder = "/decoder";
constexpr const char* decoded_from = "/decoded_from";
constexpr const char* behind = "/behind";

}  // namespace

std::string LogIdentity::progress_app_id(int partition) const {
    return fmt::format("millrace/{}/{}/{}", topic, epoch, partition);
}

std::string LogIdentity::clock_app_id(int partition) const {
    return progress_app_id(partition) + clock_us;
}

std::string LogIdentity::epoch_app_id() const {
    return fmt::format("millrace/{}/epoch", topic);
}

LogIdentity identify(const storage::Snapshot& snapshot, const bronze::EventLog& log) {
    LogIdentity identity{log.topic(), log.epoch()};
    if (identity.epoch == bronze::unknown_epoch)
        identity.epoch = static_cast<int>(snapshot.txn(identity.epoch_app_id(), bronze::unknown_epoch));
    return identity;
}

std::optional<PartitionProgress> stored_progress(const storage::Snapshot& snapshot, const LogIdentity& log,
                                                 int partition) {
    const std::string id = log.progress_app_id(partition);
    if (!snapshot.txns.contains(id)) return std::nullopt;
    std::optional<model::Timestamp> clock;
    if (snapshot.txns.contains(id + clock_us)) clock = model::from_us(snapshot.txn(id + clock_us, 0));
    return PartitionProgress{.next_offset = bronze::Offset(snapshot.txn(id, 0)),
                             .received = snapshot.txn(id + received, 0),
                             // Before records had several items, there was one of each record.
                             .items = snapshot.txn(id + items, snapshot.txn(id + received, 0)),
                             .duplicates = snapshot.txn(id + duplicates, 0),
                             .quarantined = snapshot.txn(id + quarantined, 0),
                             .ignored = snapshot.txn(id + ignored, 0),
                             .skipped = snapshot.txn(id + skipped, 0),
                             .clock = clock,
                             .last_crc = snapshot.txn(id + last_crc, -1),
                             .decoder = static_cast<int>(snapshot.txn(id + decoder, 0)),
                             .decoded_from = bronze::Offset(snapshot.txn(id + decoded_from, 0))};
}

PartitionProgress read_progress(const storage::Snapshot& snapshot, const bronze::EventLog& log,
                                int partition) {
    if (const auto stored = stored_progress(snapshot, identify(snapshot, log), partition)) return *stored;
    return {.next_offset = log.offsets(partition).start};
}

void append_progress(std::vector<storage::Txn>& txns, const LogIdentity& log, int partition,
                     const PartitionProgress& progress) {
    const std::string id = log.progress_app_id(partition);
    const base::WallTime now = base::wall_time();
    txns.push_back({id, progress.next_offset.value(), now});
    txns.push_back({id + received, progress.received, now});
    txns.push_back({id + items, progress.items, now});
    txns.push_back({id + duplicates, progress.duplicates, now});
    txns.push_back({id + quarantined, progress.quarantined, now});
    txns.push_back({id + ignored, progress.ignored, now});
    txns.push_back({id + skipped, progress.skipped, now});
    if (progress.clock) txns.push_back({id + clock_us, model::to_us(*progress.clock), now});
    txns.push_back({id + last_crc, progress.last_crc, now});
    txns.push_back({id + decoder, progress.decoder, now});
    txns.push_back({id + decoded_from, progress.decoded_from.value(), now});
}

storage::Txn behind_txn(const LogIdentity& log, int partition, std::int64_t records) {
    return {log.progress_app_id(partition) + behind, records, base::wall_time()};
}

namespace {

/// Returns the status of the partitions that have a behind_txn() among `txns`, which are keyed by app id.
std::vector<PartitionStatus> read_status(const std::map<std::string_view, const storage::Txn*>& txns) {
    std::vector<PartitionStatus> statuses;
    const auto version = [&](const std::string& id) {
        const auto found = txns.find(id);
        return found == txns.end() ? 0 : found->second->version;
    };
    for (const auto& [app_id, txn] : txns) {
        if (!app_id.ends_with(behind)) continue;  // millrace/<topic>/<epoch>/<partition>/behind
        const std::string id(app_id.substr(0, app_id.size() - std::string_view(behind).size()));
        const std::string_view number = std::string_view(id).substr(id.rfind('/') + 1);
        PartitionStatus each{.committed_at = txn->last_updated,
                             .behind = txn->version,
                             .received = version(id + received),
                             .quarantined = version(id + quarantined)};
        if (std::from_chars(number.data(), number.data() + number.size(), each.partition).ec == std::errc())
            statuses.push_back(each);
    }
    return statuses;
}

}  // namespace

std::vector<PartitionStatus> read_status(const storage::Commit& commit) {
    std::map<std::string_view, const storage::Txn*> txns;
    for (const storage::Txn& txn : commit.txns) txns[txn.app_id] = &txn;
    return read_status(txns);
}

std::vector<PartitionStatus> read_status(const storage::Snapshot& snapshot) {
    std::map<std::string_view, const storage::Txn*> txns;
    for (const auto& [id, txn] : snapshot.txns) txns[id] = &txn;
    return read_status(txns);
}

std::span<const bronze::Record> before(std::span<const bronze::Record> records, bronze::Offset end) {
    if (records.empty() || records.back().offset < end) return records;
    const auto past = std::ranges::lower_bound(records, end, {}, &bronze::Record::offset);
    return records.first(static_cast<std::size_t>(past - records.begin()));
}

std::int64_t record_crc(const bronze::Record& record) {
    return base::crc32c(record.value, base::crc32c(record.key));
}

void begin_epoch(storage::DeltaTable& table, const bronze::EventLog& log) {
    const LogIdentity before = identify(table.snapshot(), log);
    storage::Commit commit;
    commit.operation = "STREAMING UPDATE";
    commit.txns = {{before.epoch_app_id(), before.epoch + 1, base::wall_time()}};
    // If several workers find the new topic, only one of them begins the epoch.
    table.commit(std::move(commit),
                 [&](const storage::Commit& other) { return !other.moves_any({before.epoch_app_id()}); });
}

PartitionProgress past_lost_records(const bronze::EventLog& log, int partition, PartitionProgress progress) {
    const bronze::Offset start = log.offsets(partition).start;
    if (progress.next_offset >= start) return progress;
    spdlog::warn(
        "{} partition {}: offsets {} to {} were removed before they were processed; continuing after them",
        log.topic(), partition, progress.next_offset, start - 1);
    progress.pass_to(start, 0);
    progress.last_crc = -1;
    return progress;
}

std::optional<std::string> find_other_log(const bronze::EventLog& log, int partition,
                                          const PartitionProgress& progress) {
    const bronze::OffsetRange held = log.offsets(partition);
    if (progress.next_offset > held.end) return fmt::format("the log ends at offset {}", held.end);
    if (progress.last_crc < 0 || progress.next_offset - 1 < held.start) return std::nullopt;
    const auto reader = log.read(partition, progress.next_offset - 1);
    const auto records = reader->poll(1);
    // The offset may be one of Kafka's control records. There is no record to compare then.
    if (records.empty() || records.front().offset >= progress.next_offset) return std::nullopt;
    if (record_crc(records.front()) == progress.last_crc) return std::nullopt;
    return "the record before it is not the one that was processed";
}

bool was_recreated(const bronze::EventLog& log, const storage::Snapshot& snapshot,
                   const std::vector<int>& partitions) {
    if (log.epoch() != bronze::unknown_epoch) return false;
    for (const int p : partitions) {
        const auto other = find_other_log(log, p, read_progress(snapshot, log, p));
        if (!other) continue;
        spdlog::warn("{} partition {}: {}, so the topic is treated as a new one and processed from its start",
                     log.topic(), p, *other);
        return true;
    }
    return false;
}

void check_same_log(const bronze::EventLog& log, int partition, const PartitionProgress& progress) {
    const std::string doing =
        fmt::format("continuing {} partition {} at offset {}", log.topic(), partition, progress.next_offset);
    const bronze::Offset start = log.offsets(partition).start;
    if (progress.next_offset < start) {
        throw Error(
            doing,
            fmt::format("the log begins at offset {}: {} records were removed before they were processed",
                        start, start - progress.next_offset),
            "Data was lost. Restore the log, or continue after the gap with --on-data-loss continue, "
            "which counts the skipped offsets.");
    }
    const auto other = find_other_log(log, partition, progress);
    if (!other) return;
    throw Error(
        doing, *other,
        log.epoch() == bronze::unknown_epoch
            ? "Data was lost. Restore the topic, or treat it as a new one and process it from its start "
              "with --on-data-loss continue."
            : "Data was lost. Restore the log, or use a new data directory for its current records.");
}

}  // namespace millrace::catalog
