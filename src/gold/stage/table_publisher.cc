#include "gold/stage/table_publisher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

#include "base/log.h"

namespace millrace::gold {

namespace {

constexpr std::int64_t max_waiting_rows = 200'000;

}  // namespace

void TablePublisher::wait() {
    if (writing_.valid()) writing_.get();
}

void TablePublisher::refresh() {
    wait();
    writer_.refresh();
    known_version_ = writer_.newest_version();
}

bool TablePublisher::withdraw_provisional() {
    wait();
    return writer_.withdraw_provisional();
}

void TablePublisher::clear() {
    wait();
    writer_.clear();
    known_version_ = storage::no_version;
    waiting_ = Output();
}

void TablePublisher::drop_known(storage::Version silver_version) {
    if (silver_version > known_version_) return;
    wait();
    writer_.drop_known(waiting_, silver_version);
}

void TablePublisher::forget_corrected(LateDays& late) {
    wait();
    writer_.forget_corrected(late);
}

std::int64_t TablePublisher::publish(storage::Version silver_version) {
    wait();
    const std::int64_t rows = waiting_.size();
    if (rows == 0) return 0;
    std::swap(waiting_, written_);  // whose rows were taken
    writing_ = std::async(std::launch::async, [this, silver_version] {
        writer_.append(written_, silver_version);
        note(metric_tables);
    });
    return rows;
}

bool TablePublisher::has_waiting(const TableSet& tables) {
    return std::ranges::any_of(tables, [this](Table table) { return waiting_[table].size() > 0; });
}

bool TablePublisher::is_full() const {
    return waiting_.size() >= max_waiting_rows;
}

std::int64_t TablePublisher::publish_alerts(Alerts& alerts, storage::Version silver_version, bool quiet) {
    if (alerts.unpublished().empty()) return 0;
    TableRows rows(Table::alerts);
    for (const model::Alert& alert : alerts.unpublished())
        write_alert(alert, rows.add(zone_.day_of(alert.at)));
    const model::AlertSequence last = alerts.unpublished().back().sequence;
    const std::int64_t count = rows.size();
    writer_.append_alerts(rows, silver_version, last, quiet);
    alerts.published(last);
    return count;
}

std::int64_t TablePublisher::publish_provisional(const Gold& gold, storage::Version silver_version) {
    wait();
    Output open;
    gold.peek(open, all_metrics());
    const std::int64_t rows = writer_.append_provisional(open, silver_version);
    has_provisional_ = true;
    return rows;
}

void TablePublisher::join_files(storage::Version silver_version) {
    wait();
    try {
        writer_.join_files(silver_version);
    } catch (const std::exception& error) {
        spdlog::warn(
            "gold: joining small files failed: {} (it will be tried again; if a file is damaged, rebuild "
            "Gold with: millrace gold --rebuild --available-now)",
            error.what());
    }
}

std::map<Table, std::vector<serve::SqlView::File>> TablePublisher::files(const TableSet& tables) {
    wait();
    std::map<Table, std::vector<serve::SqlView::File>> files;
    for (const Table table : tables) {
        for (const auto& [path, add] : std::as_const(writer_).table(table).snapshot().files)
            files[table].push_back({path, add.partition_values});
    }
    return files;
}

void TablePublisher::note(std::span<const Table> tables) {
    const base::MutexLock lock(mutex_);
    for (const Table table : tables)
        versions_.tables[table] = std::as_const(writer_).table(table).snapshot().version;
}

/// The table of alerts is not written in the background.
void TablePublisher::note_versions() {
    const bool is_writing =
        writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
    if (!is_writing) note(metric_tables);
    note(std::array{Table::alerts});
    const base::MutexLock lock(mutex_);
    versions_.last_alert = writer_.alerts_sequence();
}

PublishedVersions TablePublisher::versions() const {
    const base::MutexLock lock(mutex_);
    return versions_;
}

}  // namespace millrace::gold
