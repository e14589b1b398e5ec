#include "pipeline/table_maintenance.h"

#include <fmt/format.h>

#include <algorithm>

#include "archive/archive_table.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "catalog/table_locks.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_state.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

constexpr auto poll_interval = std::chrono::seconds(2);
constexpr int polls_between_vacuums = 15;
constexpr auto oldest_unnamed = std::chrono::hours(24);
/// Of the files that compaction has replaced, a table keeps so many for readers of older versions.
constexpr std::size_t most_removed_files = 1'000;

/// The folders of the gold tables that exist.
std::vector<std::filesystem::path> gold_tables(const catalog::DataDirectory& data) {
    std::vector<std::filesystem::path> roots;
    for (const gold::Table table : gold::all_tables) {
        const auto root = data.gold() / gold::table_name(table);
        if (storage::DeltaTable::exists(root)) roots.push_back(root);
    }
    return roots;
}

/// The age of silver's oldest commit that Gold has not processed: vacuum must keep files for that long.
/// Returns 0 when Gold has been away for too long (max_wait_for_gold): it will be rebuilt.
base::Duration gold_behind(const catalog::DataDirectory& data) {
    const auto state = gold::read_gold_position(data.gold_state());
    if (!state) return {};
    const auto next = storage::DeltaTable::open(data.silver()).read_commit(state->silver_version + 1);
    if (!next) return {};
    const base::Duration age = base::wall_time() - next->timestamp;
    return age < gold::max_wait_for_gold ? age + std::chrono::seconds(1) : base::Duration();
}

/// Returns what the maintenance of a table keeps. Gold has yet to read files that were removed less than
/// `needed` ago.
storage::VacuumPolicy policy_of(const storage::DeltaTable& table, base::Duration needed) {
    return {.retention = std::max(table.tombstone_retention(), needed),
            .orphan_age = oldest_unnamed,
            .most_removed = most_removed_files,
            .guaranteed = std::max(table.deleted_file_retention(), needed)};
}

storage::OptimizeReport optimize_table(const catalog::DataDirectory& data, const std::filesystem::path& root,
                                       const storage::ParquetLayout& layout,
                                       storage::OptimizeOptions options) {
    auto commits = catalog::commit_lock(data);
    const std::shared_lock lock(commits);
    auto table = storage::DeltaTable::open(root);
    options.constant_columns.insert(options.constant_columns.end(), {"partition", "log_epoch"});
    return storage::optimize(table, layout, options);
}

}  // namespace

storage::OptimizeReport optimize_silver(const catalog::DataDirectory& data,
                                        const storage::OptimizeOptions& options) {
    return optimize_table(data, data.silver(), silver::silver_layout(), options);
}

storage::OptimizeReport optimize_quarantine(const catalog::DataDirectory& data,
                                            const storage::OptimizeOptions& options) {
    return optimize_table(data, data.quarantine(), silver::quarantine_layout(), options);
}

storage::OptimizeReport optimize_archive(const catalog::DataDirectory& data,
                                         const storage::OptimizeOptions& options) {
    if (!storage::DeltaTable::exists(data.archive())) return {};
    storage::OptimizeOptions in_order = options;
    in_order.in_order = true;
    in_order.constant_columns = {"topic"};
    return optimize_table(data, data.archive(), archive::archive_layout(), in_order);
}

TableMaintenance::TableMaintenance(const catalog::DataDirectory& data, std::function<bool(int)> ours)
    : data_(data), ours_(std::move(ours)), thread_([this] { work(); }) {}

TableMaintenance::~TableMaintenance() {
    stop_.request();
    thread_.join();
}

void TableMaintenance::work() {
    storage::OptimizeOptions options;
    options.gradual = true;
    options.wanted = [this](const storage::AddFile& add) {
        const auto partition = storage::FileStats(add).min("partition");
        return partition && ours_(static_cast<int>(*partition));
    };
    for (int poll = 1; !stop_.wait_for(poll_interval); ++poll) {
        try {
            if (!storage::DeltaTable::exists(data_.silver())) continue;
            optimize_silver(data_, options);
            optimize_quarantine(data_, options);
            optimize_archive(data_, options);
            if (poll % polls_between_vacuums != 0) continue;
            auto roots = gold_tables(data_);
            roots.insert(roots.end(), {data_.silver(), data_.quarantine(), data_.archive()});
            for (const auto& root : roots) {
                if (!storage::DeltaTable::exists(root)) continue;
                auto table = storage::DeltaTable::open(root);
                const base::Duration needed = root == data_.silver() ? gold_behind(data_) : base::Duration();
                storage::vacuum(table, policy_of(table, needed), false);
            }
        } catch (const std::exception& error) {
            spdlog::warn("maintenance: {} (the pipeline continues; maintenance will retry)", error.what());
        }
    }
}

namespace {

storage::VacuumReport vacuum_table(const std::filesystem::path& root, std::optional<base::Duration> wanted,
                                   bool alone, bool dry_run, base::Duration gold_needs = {}) {
    auto table = storage::DeltaTable::open(root);
    const base::Duration most = table.tombstone_retention();
    if (wanted && *wanted > most) {
        throw usage_error(
            fmt::format("cleaning up {}", root.string()),
            fmt::format("the table keeps removed files for {}, not {}", base::format_duration(most),
                        base::format_duration(*wanted)),
            "Give that or less; the table's property delta.deletedFileRetentionDuration sets it.");
    }
    const base::Duration retention = wanted.value_or(most);
    const base::Duration orphan_age = alone ? retention : std::max<base::Duration>(retention, oldest_unnamed);
    storage::VacuumPolicy policy{.retention = std::max(retention, gold_needs), .orphan_age = orphan_age};
    if (!wanted) {
        policy = policy_of(table, gold_needs);
        policy.orphan_age = orphan_age;
    }
    return storage::vacuum(table, policy, dry_run);
}

}  // namespace

CleanReport vacuum_tables(const catalog::DataDirectory& data, std::optional<base::Duration> retention,
                          bool dry_run) {
    // The exclusive lock is held until the end, and the tables are read under it: no writer can begin in
    // between.
    base::File writers = catalog::writers_lock(data);
    CleanReport report;
    report.alone = writers.try_lock();
    report.silver = vacuum_table(data.silver(), retention, report.alone, dry_run, gold_behind(data));
    report.quarantine = vacuum_table(data.quarantine(), retention, report.alone, dry_run);
    if (storage::DeltaTable::exists(data.archive()))
        report.archive = vacuum_table(data.archive(), retention, report.alone, dry_run);
    for (const auto& root : gold_tables(data)) {
        const auto done = vacuum_table(root, retention, report.alone, dry_run);
        report.gold.files += done.files;
        report.gold.bytes += done.bytes;
        report.gold.kept_young += done.kept_young;
    }
    return report;
}

}  // namespace millrace::pipeline
