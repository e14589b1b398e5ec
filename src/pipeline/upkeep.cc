#include "pipeline/upkeep.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "pipeline/archive_table.h"
#include "pipeline/table_locks.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

constexpr auto between_looks = std::chrono::seconds(2);
constexpr int looks_between_vacuums = 1800;
constexpr auto oldest_unnamed = std::chrono::hours(24);

storage::OptimizeReport optimize_table(const DataDirectory& data, const std::filesystem::path& root,
                                       const storage::ParquetLayout& layout,
                                       storage::OptimizeOptions options) {
    auto commits = commit_lock(data);
    const std::shared_lock lock(commits);
    auto table = storage::DeltaTable::open(root);
    options.constant_columns.insert(options.constant_columns.end(), {"partition", "log_epoch"});
    return storage::optimize(table, layout, options);
}

}  // namespace

storage::OptimizeReport optimize_silver(const DataDirectory& data, const storage::OptimizeOptions& options) {
    return optimize_table(data, data.silver(), silver::silver_layout(), options);
}

storage::OptimizeReport optimize_quarantine(const DataDirectory& data,
                                            const storage::OptimizeOptions& options) {
    return optimize_table(data, data.quarantine(), silver::quarantine_layout(), options);
}

storage::OptimizeReport optimize_archive(const DataDirectory& data, const storage::OptimizeOptions& options) {
    if (!storage::DeltaTable::exists(data.archive())) return {};
    storage::OptimizeOptions in_order = options;
    in_order.in_order = true;
    in_order.constant_columns = {"topic"};
    return optimize_table(data, data.archive(), archive_layout(), in_order);
}

Upkeep::Upkeep(const DataDirectory& data, std::function<bool(int)> ours)
    : data_(data), ours_(std::move(ours)), thread_([this] { work(); }) {}

Upkeep::~Upkeep() {
    stop_.request();
    thread_.join();
}

void Upkeep::work() {
    storage::OptimizeOptions options;
    options.gradual = true;
    options.wanted = [this](const storage::AddFile& add) {
        const auto partition = storage::FileStats(add).min("partition");
        return partition && ours_(static_cast<int>(*partition));
    };
    for (int look = 1; !stop_.wait_for(between_looks); ++look) {
        try {
            if (!storage::DeltaTable::exists(data_.silver())) continue;
            optimize_silver(data_, options);
            optimize_quarantine(data_, options);
            optimize_archive(data_, options);
            if (look % looks_between_vacuums != 0) continue;
            for (const auto& root : {data_.silver(), data_.quarantine(), data_.archive()}) {
                if (!storage::DeltaTable::exists(root)) continue;
                const auto table = storage::DeltaTable::open(root);
                storage::vacuum(table, table.deleted_file_retention(), oldest_unnamed, false);
            }
        } catch (const std::exception& error) {
            spdlog::warn("upkeep: {} (the pipeline goes on; it is tried again)", error.what());
        }
    }
}

namespace {

storage::VacuumReport vacuum_table(const std::filesystem::path& root, std::optional<base::Duration> wanted,
                                   bool alone, bool dry_run) {
    const auto table = storage::DeltaTable::open(root);
    const base::Duration most = table.deleted_file_retention();
    const base::Duration retention = wanted.value_or(most);
    if (retention > most) {
        throw usage_error(
            fmt::format("cleaning up {}", root.string()),
            fmt::format("the table keeps removed files for {}, not {}", base::format_duration(most),
                        base::format_duration(retention)),
            "Ask for that or less; the table's property delta.deletedFileRetentionDuration sets it.");
    }
    const base::Duration orphan_age = alone ? retention : std::max<base::Duration>(retention, oldest_unnamed);
    return storage::vacuum(table, retention, orphan_age, dry_run);
}

}  // namespace

CleanReport vacuum_tables(const DataDirectory& data, std::optional<base::Duration> retention, bool dry_run) {
    // The exclusive lock is held until the end, and the tables are read under it: no writer can begin
    // meanwhile.
    base::File writers = writers_lock(data);
    CleanReport report;
    report.alone = writers.try_lock();
    report.silver = vacuum_table(data.silver(), retention, report.alone, dry_run);
    report.quarantine = vacuum_table(data.quarantine(), retention, report.alone, dry_run);
    if (storage::DeltaTable::exists(data.archive()))
        report.archive = vacuum_table(data.archive(), retention, report.alone, dry_run);
    return report;
}

}  // namespace millrace::pipeline
