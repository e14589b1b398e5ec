#include "gold/stage/table_publisher.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace millrace::gold {

namespace {

constexpr std::int64_t max_waiting_rows = 200'000;

}  // namespace

void TablePublisher::clear() {
    writer_.clear();
    waiting_ = Output();
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
    Output open;
    gold.peek(open, all_metrics());
    const std::int64_t rows = writer_.append_provisional(open, silver_version);
    has_provisional_ = true;
    return rows;
}

void TablePublisher::join_files(storage::Version silver_version) {
    try {
        writer_.join_files(silver_version);
    } catch (const std::exception& error) {
        spdlog::warn(
            "gold: joining small files failed: {} (it will be tried again; if a file is damaged, rebuild "
            "Gold with: millrace gold --rebuild --available-now)",
            error.what());
    }
}

std::map<Table, std::vector<serve::SqlView::File>> TablePublisher::files(const TableSet& tables) const {
    std::map<Table, std::vector<serve::SqlView::File>> files;
    for (const Table table : tables) {
        for (const auto& [path, add] : writer_.table(table).snapshot().files)
            files[table].push_back({path, add.partition_values});
    }
    return files;
}

void TablePublisher::note_versions() {
    PublishedVersions versions{.tables = {}, .last_alert = writer_.alerts_sequence()};
    for (const Table table : all_tables)
        versions.tables[table] = std::as_const(writer_).table(table).snapshot().version;
    const base::MutexLock lock(mutex_);
    versions_ = std::move(versions);
}

PublishedVersions TablePublisher::versions() const {
    const base::MutexLock lock(mutex_);
    return versions_;
}

}  // namespace millrace::gold
