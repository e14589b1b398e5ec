#include "pipeline/table_maintenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "archive/archive_table.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "catalog/table_locks.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_state.h"
#include "silver/silver_table.h"
#include "storage/arrow_memory.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

constexpr auto poll_interval = std::chrono::seconds(10);
constexpr int polls_between_vacuums = 2;
constexpr auto oldest_unnamed = std::chrono::hours(24);
/// Of the files that compaction has replaced, a table keeps so many for readers of older versions. Silver's
/// readers take longer than those of the other tables.
constexpr std::size_t most_removed_silver_files = 350;
constexpr std::size_t most_removed_files = 50;
/// Of the commits that a checkpoint includes, a table keeps so many.
constexpr std::int64_t most_commits = 100;

/// The folders of the gold tables that exist.
std::vector<std::filesystem::path> gold_tables(const catalog::DataDirectory& data) {
    std::vector<std::filesystem::path> roots;
    for (const gold::Table table : gold::all_tables) {
        const auto root = data.gold() / gold::table_name(table);
        if (storage::DeltaTable::exists(root)) roots.push_back(root);
    }
    return roots;
}

/// What Gold has yet to read of a table.
struct NeededByGold {
    base::Duration files{};  ///< files that were removed less than this ago
    storage::Version commits{std::numeric_limits<std::int64_t>::max()};  ///< commits from this version on
};

/// The version and the age of silver's oldest commit that Gold has not processed, and the files that a
/// correction of late days is reading. Nothing is needed when Gold has been away for too long
/// (max_wait_for_gold): it will be rebuilt.
NeededByGold needed_by_gold(const catalog::DataDirectory& data) {
    const auto state = gold::read_gold_position(data.gold_state());
    // While Gold is being rebuilt, it has no state, and goes on from the version at which it began.
    if (!state && catalog::gold_runs(data))
        return {.files = gold::max_wait_for_gold, .commits = storage::Version(0)};
    if (!state) return {};
    const base::Duration correction = catalog::age_of_correction(data);
    const base::Duration files =
        correction == base::Duration() ? correction : correction + std::chrono::seconds(1);
    const storage::Version next = state->silver_version + 1;
    const auto commit = storage::DeltaTable::open(data.silver()).read_commit(next);
    if (!commit) return {.files = files, .commits = next};
    const base::Duration age = base::wall_time() - commit->timestamp;
    if (age >= gold::max_wait_for_gold) return {};
    return {.files = std::max(files, age + std::chrono::seconds(1)), .commits = next};
}

/// Returns what the maintenance of a table keeps. Gold has yet to read files that were removed less than
/// `needed` ago.
storage::VacuumPolicy policy_of(const storage::DeltaTable& table, base::Duration needed) {
    return {
        .retention = std::max(table.tombstone_retention(), needed),
        .orphan_age = oldest_unnamed,
        .most_removed = table.root().filename() == "silver" ? most_removed_silver_files : most_removed_files,
        .guaranteed = std::max(table.deleted_file_retention(), needed)};
}

void clean_up_log(const storage::DeltaTable& table, storage::Version needed) {
    table.clean_up_log({.newest = most_commits, .guaranteed = table.log_retention(), .needed = needed});
}

storage::OptimizeReport optimize_table(const catalog::DataDirectory& data, const std::filesystem::path& root,
                                       const storage::ParquetLayout& layout,
                                       storage::OptimizeOptions options) {
    auto commits = catalog::commit_lock(data);
    const std::shared_lock lock(commits);
    auto table = storage::DeltaTable::open(root);
    options.constant_columns.emplace_back("log_epoch");
    return storage::optimize(table, layout, options);
}

}  // namespace

storage::OptimizeReport optimize_silver(const catalog::DataDirectory& data,
                                        const storage::OptimizeOptions& options) {
    storage::OptimizeOptions by_partition = options;
    by_partition.separate_columns = {"partition"};
    return optimize_table(data, data.silver(), silver::silver_layout(), by_partition);
}

storage::OptimizeReport optimize_quarantine(const catalog::DataDirectory& data,
                                            const storage::OptimizeOptions& options) {
    storage::OptimizeOptions by_partition = options;
    by_partition.constant_columns = {"partition"};
    return optimize_table(data, data.quarantine(), silver::quarantine_layout(), by_partition);
}

storage::OptimizeReport optimize_archive(const catalog::DataDirectory& data,
                                         const storage::OptimizeOptions& options) {
    if (!storage::DeltaTable::exists(data.archive())) return {};
    storage::OptimizeOptions in_order = options;
    in_order.in_order = true;
    in_order.constant_columns = {"topic", "partition"};
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
            const auto joined = optimize_silver(data_, options).files_before +
                                optimize_quarantine(data_, options).files_before +
                                optimize_archive(data_, options).files_before;
            if (joined > 0) storage::return_free_memory();
            if (poll % polls_between_vacuums != 0) continue;
            auto roots = gold_tables(data_);
            roots.insert(roots.end(), {data_.silver(), data_.quarantine(), data_.archive()});
            for (const auto& root : roots) {
                if (!storage::DeltaTable::exists(root)) continue;
                auto table = storage::DeltaTable::open(root);
                const auto needed = root == data_.silver() ? needed_by_gold(data_) : NeededByGold();
                storage::vacuum(table, policy_of(table, needed.files), false);
                clean_up_log(table, needed.commits);
            }
        } catch (const std::exception& error) {
            spdlog::warn("maintenance: {} (the pipeline continues; maintenance will retry)", error.what());
        }
    }
}

namespace {

storage::VacuumReport vacuum_table(const std::filesystem::path& root, std::optional<base::Duration> wanted,
                                   bool alone, bool dry_run, const NeededByGold& needed = {}) {
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
    storage::VacuumPolicy policy{.retention = std::max(retention, needed.files), .orphan_age = orphan_age};
    if (!wanted) {
        policy = policy_of(table, needed.files);
        policy.orphan_age = orphan_age;
        if (!dry_run) clean_up_log(table, needed.commits);
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
    report.silver = vacuum_table(data.silver(), retention, report.alone, dry_run, needed_by_gold(data));
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
