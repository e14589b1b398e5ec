#include "gold/stage/gold_writer.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "base/random_id.h"
#include "catalog/table_locks.h"
#include "gold/stage/alert_rows.h"
#include "model/timestamp.h"
#include "storage/file_stats.h"
#include "storage/optimize.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

namespace {

/// The app id of a txn whose version is the silver version that a day was last recomputed from.
std::string batch_app_id(std::int64_t day) {
    return fmt::format("millrace/gold/batch/{}", model::format_day(day));
}

/// The actions that remove the files that are `wanted`, with their rows.
std::vector<storage::RemoveFile> remove_all(const storage::Snapshot& snapshot, auto&& wanted) {
    std::vector<storage::RemoveFile> removes;
    for (const auto& [path, add] : snapshot.files) {
        if (wanted(add)) removes.push_back({path, add.partition_values, add.size, base::wall_time(), true});
    }
    return removes;
}

/// Opens or reads a table. An Error gets the remedy: Gold's tables can be rebuilt from Silver.
void name_remedy(Table table, auto&& open) {
    try {
        open();
    } catch (const Error& error) {
        throw Error(fmt::format("opening gold.{}", table_name(table)), error.what(),
                    "If its log is damaged, rebuild it with: millrace gold --rebuild --available-now",
                    error.kind());
    }
}

/// The day after the last one that is replaced in a table.
std::int64_t end_of(const GoldWriter::Replacement& replacement, Table table) {
    return replacement.to[static_cast<std::size_t>(group_of(table))];
}

}  // namespace

storage::Version recomputed_version(const storage::Snapshot& table, std::int64_t day) {
    return storage::Version(table.txn(batch_app_id(day), storage::no_version.value()));
}

void forget_corrected(LateDays& late, const std::function<const storage::Snapshot&(Table)>& snapshot_of) {
    late.remove_corrected([&](TableGroup group, std::int64_t day) {
        storage::Version oldest(std::numeric_limits<std::int64_t>::max());
        for (const Table each : metric_tables) {
            if (group_of(each) == group)
                oldest = std::min(oldest, recomputed_version(snapshot_of(each), day));
        }
        return oldest;
    });
}

GoldWriter::GoldWriter(const catalog::DataDirectory& data, base::WorkerPool& pool)
    : pool_(pool), run_id_(base::random_id()) {
    for (const Table each : all_tables) {
        name_remedy(each, [&] {
            tables_.push_back(storage::DeltaTable::open_or_create(
                data.gold() / table_name(each), *table_schema(each), table_partition_columns()));
        });
    }
}

void GoldWriter::set_aside_damaged(const catalog::DataDirectory& data) {
    base::File stage = catalog::gold_lock(data);
    const std::unique_lock lock(stage, std::try_to_lock);
    if (!lock.owns_lock()) return;
    for (const Table each : all_tables) {
        const auto root = data.gold() / table_name(each);
        if (!storage::DeltaTable::exists(root)) continue;
        try {
            storage::DeltaTable::open_or_create(root, *table_schema(each), table_partition_columns());
        } catch (const Error& error) {
            const auto aside = fmt::format("{}.damaged-{}", root.string(), base::random_id());
            std::filesystem::rename(root, aside);
            spdlog::warn("gold: {}. The table will be rebuilt; the damaged one is now {}", error.what(),
                         aside);
        }
    }
}

void GoldWriter::refresh() {
    for (const Table each : all_tables) name_remedy(each, [&] { table(each).refresh(); });
}

storage::Version GoldWriter::newest_version() const {
    storage::Version newest = storage::no_version;
    for (const Table each : metric_tables)
        newest = std::max(newest, published_version(table(each).snapshot()));
    return newest;
}

void GoldWriter::drop_known(Output& output, storage::Version silver_version) const {
    for (const Table each : metric_tables) {
        if (published_version(table(each).snapshot()) >= silver_version) output[each].take();
    }
}

storage::AddFile GoldWriter::write_file(Table which, std::int64_t day, const arrow::RecordBatch& rows,
                                        const GoldFile& file) {
    storage::AddFile add;
    add.partition_values = {{"day", model::format_day(day)}};
    const std::string directory = storage::partition_directory(add.partition_values);
    base::make_directory(table(which).root() / directory);
    const std::int64_t number = ++files_[static_cast<std::size_t>(which)];
    add.path = fmt::format("{}/{}-{}-{}.snappy.parquet", directory, file.prefix(), run_id_, number);
    storage::ParquetWriter writer(table(which).root() / add.path, table_layout(which));
    writer.write(rows);
    storage::describe(add, writer.finish());
    base::sync_directory(table(which).root() / directory);
    return add;
}

std::vector<storage::AddFile> GoldWriter::write_files(Table which, const DayRows& rows,
                                                      const GoldFile& file) {
    std::vector<storage::AddFile> adds;
    for (const auto& [day, batch] : rows) {
        if (batch->num_rows() > 0) adds.push_back(write_file(which, day, *batch, file));
    }
    base::fail_point("gold.files.synced");
    return adds;
}

void GoldWriter::append_to(Table which, const DayRows& rows, const GoldFile& file,
                           const std::vector<storage::Txn>& txns) {
    // No commit of others is a conflict: the batch layer only replaces files of earlier versions.
    const auto go_on = [](const storage::Commit&) { return true; };
    for (bool committed = false; !committed;) {
        storage::Commit commit;
        commit.operation = "STREAMING UPDATE";
        commit.adds = write_files(which, rows, file);
        commit.txns = txns;
        if (file.is_provisional())
            commit.txns.push_back(
                {provisional_app_id, static_cast<std::int64_t>(commit.adds.size()), base::wall_time()});
        committed = table(which).commit(std::move(commit), go_on).has_value();
    }
    base::fail_point(file.is_provisional() ? "gold.provisional.committed" : "gold.committed");
}

/// Appends the rows of all tables, in parallel.
std::int64_t GoldWriter::append_all(Output& output, const GoldFile& file,
                                    const std::vector<storage::Txn>& txns) {
    std::int64_t count = 0;
    std::vector<std::function<void()>> tasks;
    for (const Table each : metric_tables) {
        if (output[each].size() == 0) continue;
        count += output[each].size();
        tasks.emplace_back(
            [this, each, &file, &txns, rows = output[each].take()] { append_to(each, rows, file, txns); });
    }
    pool_.run_all(std::move(tasks));
    return count;
}

std::int64_t GoldWriter::append(Output& output, storage::Version silver_version) {
    return append_all(output, {.kind = GoldFile::Kind::closed, .version = silver_version},
                      {{speed_app_id, silver_version.value(), base::wall_time()}});
}

std::int64_t GoldWriter::append_provisional(Output& open, storage::Version silver_version) {
    return append_all(open, {.kind = GoldFile::Kind::provisional, .version = silver_version}, {});
}

bool GoldWriter::withdraw_provisional() {
    bool whole = true;
    for (const Table each : metric_tables) {
        if (!provisional_files_are_whole(table(each).snapshot())) {
            spdlog::warn(
                "gold: another program has rewritten files of gold.{} that have rows of open windows; Gold "
                "will be rebuilt",
                table_name(each));
            whole = false;
            continue;
        }
        remove_from(each, [](const storage::Snapshot& snapshot) {
            storage::Commit commit;
            commit.removes = remove_all(
                snapshot, [](const storage::AddFile& add) { return gold_file(add.path).is_provisional(); });
            if (!commit.removes.empty()) commit.txns.push_back({provisional_app_id, 0, base::wall_time()});
            return commit;
        });
        base::fail_point("gold.withdrawn");
    }
    return whole;
}

void GoldWriter::append_alerts(TableRows& alerts, storage::Version silver_version,
                               model::AlertSequence sequence, bool quiet) {
    std::vector<storage::Txn> txns = {{speed_app_id, silver_version.value(), base::wall_time()},
                                      {alerts_app_id, sequence.value(), base::wall_time()}};
    if (quiet) txns.push_back({quiet_app_id, sequence.value(), base::wall_time()});
    append_to(Table::alerts, alerts.take(), {.kind = GoldFile::Kind::closed, .version = silver_version},
              txns);
}

model::AlertSequence GoldWriter::alerts_sequence() const {
    return model::AlertSequence(table(Table::alerts).snapshot().txn(alerts_app_id, 0));
}

storage::Version GoldWriter::alerts_version() const {
    return published_version(table(Table::alerts).snapshot());
}

void GoldWriter::join_files(storage::Version silver_version) {
    storage::OptimizeOptions options;
    options.gradual = true;
    options.name = GoldFile{.kind = GoldFile::Kind::joined, .version = silver_version}.prefix();
    options.wanted = [silver_version](const storage::AddFile& add) {
        const GoldFile file = gold_file(add.path);
        return !file.is_provisional() && file.version <= silver_version;
    };
    for (const Table each : all_tables) storage::optimize(table(each), table_layout(each), options);
}

void GoldWriter::remove_from(Table which, const Removal& removal) {
    for (;;) {
        storage::Commit commit = removal(table(which).snapshot());
        if (commit.removes.empty() && commit.txns.empty()) return;
        commit.operation = "DELETE";
        if (table(which).commit(std::move(commit), [](const storage::Commit&) { return false; })) return;
    }
}

void GoldWriter::clear() {
    for (const Table each : all_tables) {
        remove_from(each, [](const storage::Snapshot& snapshot) {
            storage::Commit commit;
            commit.removes = remove_all(snapshot, [](const storage::AddFile&) { return true; });
            for (const auto& [id, txn] : snapshot.txns) {
                if (txn.version >= 0 && !id.starts_with(alerts_app_id))
                    commit.txns.push_back({id, -1, base::wall_time()});
            }
            return commit;
        });
        base::fail_point("gold.cleared");
    }
}

void GoldWriter::write(Replacement& replacement, Output& output, std::int64_t min_rows) {
    std::vector<std::function<void()>> tasks;
    for (const Table each : metric_tables) {
        if (output[each].size() < min_rows) continue;
        DayRows rows = output[each].take();
        const std::int64_t end = end_of(replacement, each);
        std::erase_if(rows,
                      [&](const auto& day) { return day.first < replacement.from || day.first >= end; });
        for (const auto& [day, batch] : rows) replacement.rows += batch->num_rows();
        auto& files = replacement.files[static_cast<std::size_t>(each)];
        tasks.emplace_back(
            [this, each, &files, version = replacement.silver_version, rows = std::move(rows)] {
                const GoldFile file{.kind = GoldFile::Kind::closed, .version = version};
                std::ranges::move(write_files(each, rows, file), std::back_inserter(files));
            });
    }
    if (tasks.empty()) return;
    finish(replacement);
    replacement.writing = std::async(
        std::launch::async, [this, tasks = std::move(tasks)]() mutable { pool_.run_all(std::move(tasks)); });
}

bool GoldWriter::replace_in(Table which, Replacement& replacement) {
    const storage::Version version = replacement.silver_version;
    const std::int64_t end = end_of(replacement, which);
    const auto of_days = [&](const storage::AddFile& add) {
        const auto day = model::parse_day(storage::partition_value(add, "day"));
        return day && *day >= replacement.from && *day < end;
    };
    const storage::Snapshot& snapshot = table(which).snapshot();
    for (const auto& [path, add] : snapshot.files) {
        const GoldFile file = gold_file(path);
        if (file.kind == GoldFile::Kind::joined && file.version > version && of_days(add)) return false;
    }
    // A later replacement has rows of the same windows.
    for (std::int64_t day = replacement.from; day < end; ++day) {
        if (recomputed_version(snapshot, day) > version) return false;
    }
    storage::Commit commit;
    commit.operation = storage::replace_operation;
    auto& files = replacement.files[static_cast<std::size_t>(which)];
    commit.adds = files;
    std::int64_t withdrawn = 0;
    commit.removes = remove_all(snapshot, [&](const storage::AddFile& add) {
        const GoldFile file = gold_file(add.path);
        if (file.version > version || !of_days(add)) return false;
        if (file.is_provisional() && !replacement.provisional_too) return false;
        withdrawn += file.is_provisional() ? 1 : 0;
        return true;
    });
    // Days that have events, but no rows in this table, also get their txn.
    if (commit.adds.empty() && commit.removes.empty() && replacement.rows == 0) return true;
    if (withdrawn > 0)
        commit.txns.push_back(
            {provisional_app_id, count_provisional_files(snapshot) - withdrawn, base::wall_time()});
    for (std::int64_t day = replacement.from; day < end; ++day)
        commit.txns.push_back({batch_app_id(day), version.value(), base::wall_time()});
    const auto committed = table(which).commit(std::move(commit), [](const storage::Commit& other) {
        return other.removes.empty() && other.operation != storage::replace_operation;
    });
    base::fail_point("gold.replaced");
    if (committed) files.clear();
    return committed.has_value();
}

bool GoldWriter::replace(Replacement& replacement) {
    finish(replacement);
    refresh();
    // Orders come before the sessions that they have the channel of: a day whose sessions are replaced needs
    // no correction of its orders any more, whenever the process ends.
    const auto is_wanted = [&](Table each) { return end_of(replacement, each) > replacement.from; };
    if (is_wanted(Table::orders) && !replace_in(Table::orders, replacement)) return false;
    std::atomic<bool> replaced = true;
    std::vector<std::function<void()>> tasks;
    for (const Table each : metric_tables) {
        if (each == Table::orders || !is_wanted(each)) continue;
        tasks.emplace_back([this, each, &replacement, &replaced] {
            if (!replace_in(each, replacement)) replaced = false;
        });
    }
    pool_.run_all(std::move(tasks));
    return replaced;
}

void GoldWriter::discard(Replacement& replacement) {
    finish(replacement);
    for (const Table each : metric_tables) {
        auto& files = replacement.files[static_cast<std::size_t>(each)];
        std::error_code ignored;  // vacuum removes what is left
        for (const storage::AddFile& add : files)
            std::filesystem::remove(table(each).root() / add.path, ignored);
        files.clear();
    }
}

}  // namespace millrace::gold
