#include "silver/stage/table_ids.h"

#include <arrow/api.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>

#include "base/mutex.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

using model::Timestamp;

namespace {

using storage::column;

constexpr Timestamp earliest = Timestamp::min();
constexpr Timestamp latest = Timestamp::max();

void scan_ids(const std::filesystem::path& root, const storage::AddFile& add, model::DedupeScope scope,
              const std::function<void(const IdHash&, Timestamp)>& visit) {
    const std::vector<std::string> columns = {"event_id", "event_timestamp", "partition"};
    const auto& table = *silver_layout().schema;
    storage::scan_parquet(root / add.path, table, columns, [&](const arrow::RecordBatch& rows) {
        const auto& ids = column<arrow::StringArray>(rows, "event_id");
        const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
        const auto& partitions = column<arrow::Int32Array>(rows, "partition");
        for (std::int64_t i = 0; i < rows.num_rows(); ++i)
            visit(hash_id(ids.GetView(i), scope, partitions.Value(i)), model::from_us(times.Value(i)));
    });
}

/// Loads the ids of one file that lie within the horizon into the set. It works in small groups, so that the
/// slots of a group are prefetched.
std::int64_t load_file(const std::filesystem::path& root, const storage::AddFile& add, Timestamp floor,
                       IdSet& ids, model::DedupeScope scope, const std::function<bool(int)>& ours) {
    const std::vector<std::string> columns = {"event_id", "event_timestamp", "partition"};
    const auto& table = *silver_layout().schema;
    std::int64_t loaded = 0;
    storage::scan_parquet(root / add.path, table, columns, [&](const arrow::RecordBatch& rows) {
        constexpr std::int64_t chunk = 16;
        const auto& names = column<arrow::StringArray>(rows, "event_id");
        const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
        const auto& partitions = column<arrow::Int32Array>(rows, "partition");
        const auto is_wanted = [&](std::int64_t row) {
            return model::from_us(times.Value(row)) >= floor &&
                   (scope == model::DedupeScope::table || ours(partitions.Value(row)));
        };
        std::array<IdHash, chunk> hashes;
        for (std::int64_t from = 0; from < rows.num_rows(); from += chunk) {
            const std::int64_t count = std::min(chunk, rows.num_rows() - from);
            for (std::int64_t i = 0; i < count; ++i) {
                hashes[static_cast<std::size_t>(i)] =
                    hash_id(names.GetView(from + i), scope, partitions.Value(from + i));
                ids.prefetch(hashes[static_cast<std::size_t>(i)]);
            }
            for (std::int64_t i = 0; i < count; ++i) {
                if (!is_wanted(from + i)) continue;
                ids.insert(hashes[static_cast<std::size_t>(i)], model::from_us(times.Value(from + i)), 0);
                ++loaded;
            }
        }
    });
    return loaded;
}

}  // namespace

void IdQuery::add(const IdHash& id, Timestamp time, int partition, Timestamp horizon_start) {
    const std::int64_t day = time < floor_ ? model::day_of(time) : no_day;
    days_.emplace(id, day);
    if (day != no_day) all_days_.insert(day);
    partitions_.insert(partition);
    horizon_start_ = std::min(horizon_start_, horizon_start);
}

bool IdQuery::concerns(const storage::AddFile& file, model::DedupeScope scope) const {
    const auto day = model::parse_day(storage::partition_value(file, "event_date"));
    const bool has_day_of_query = !day || all_days_.contains(*day);
    const bool in_dropped_range =
        !day || (model::day_start(*day) < floor_ && model::day_start(*day + 1) > horizon_start_);
    if (!has_day_of_query && !in_dropped_range) return false;
    const storage::FileStats stats(file);
    if (!has_day_of_query && (stats.min_time("event_timestamp").value_or(earliest) >= floor_ ||
                              stats.max_time("event_timestamp").value_or(latest) < horizon_start_))
        return false;
    const auto partition = stats.min("partition");
    return scope == model::DedupeScope::table || !partition || partition != stats.max("partition") ||
           partitions_.contains(static_cast<int>(*partition));
}

bool IdQuery::matches(const IdHash& id, Timestamp time) const {
    const auto queried = days_.find(id);
    if (queried == days_.end()) return false;
    return (horizon_start_ <= time && time < floor_) || queried->second == model::day_of(time);
}

IdHashes find_in_files(const std::filesystem::path& root, const Files& files, const IdQuery& query,
                       model::DedupeScope scope, base::WorkerPool& pool) {
    struct {
        base::Mutex mutex;
        IdHashes ids MILLRACE_GUARDED_BY(mutex);
    } found;
    std::vector<std::function<void()>> tasks;
    for (const auto& [path, add] : files) {
        if (!query.concerns(add, scope)) continue;
        tasks.emplace_back([&, &file = add] {
            std::vector<IdHash> here;
            scan_ids(root, file, scope, [&](const IdHash& id, Timestamp time) {
                if (query.matches(id, time)) here.push_back(id);
            });
            const base::MutexLock lock(found.mutex);
            found.ids.insert(here.begin(), here.end());
        });
    }
    pool.run_all(std::move(tasks));
    const base::MutexLock lock(found.mutex);
    return std::move(found.ids);
}

void advance_by_rows(const std::filesystem::path& root, const Files& files, Horizon& horizon,
                     base::WorkerPool& pool) {
    const std::vector<std::string> columns = {"event_timestamp", "kafka_timestamp", "partition"};
    const auto advance = [&](const arrow::RecordBatch& rows) {
        const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
        const auto& log_times = column<arrow::TimestampArray>(rows, "kafka_timestamp");
        const auto& partitions = column<arrow::Int32Array>(rows, "partition");
        for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
            // An earlier topic may have had more partitions.
            const int p = partitions.IsValid(i) ? partitions.Value(i) : -1;
            if (p < 0 || p >= horizon.partitions()) continue;
            horizon.advance(p, model::from_us(times.Value(i)),
                            model::to_wall_time(model::from_us(log_times.Value(i))));
        }
    };
    std::vector<std::function<void()>> tasks;
    for (const auto& [path, add] : files) {
        tasks.emplace_back([&, &file = add] {
            storage::scan_parquet(root / file.path, *silver_layout().schema, columns, advance);
        });
    }
    pool.run_all(std::move(tasks));
}

std::int64_t load_ids(const std::filesystem::path& root, const Files& files, IdSet& ids, Timestamp floor,
                      model::DedupeScope scope, const std::function<bool(int partition)>& ours,
                      base::WorkerPool& pool) {
    if (files.empty()) return 0;
    std::vector<const storage::AddFile*> wanted;
    std::int64_t rows = 0;
    for (const auto& [path, add] : files) {
        const storage::FileStats stats(add);
        if (stats.max_time("event_timestamp").value_or(latest) < floor) continue;
        const auto partition = stats.min("partition");
        if (scope == model::DedupeScope::partition && partition && partition == stats.max("partition") &&
            !ours(static_cast<int>(*partition)))
            continue;
        wanted.push_back(&add);
        rows += stats.rows().value_or(0);
    }
    ids.reserve(static_cast<std::size_t>(rows));
    ids.start_horizon(floor);
    std::atomic<std::int64_t> loaded = 0;
    std::vector<std::function<void()>> tasks;
    tasks.reserve(wanted.size());
    for (const storage::AddFile* add : wanted) {
        tasks.emplace_back([&, add] { loaded += load_file(root, *add, floor, ids, scope, ours); });
    }
    pool.run_all(std::move(tasks));
    return loaded;
}

bool add_ids(const std::filesystem::path& root, const std::vector<storage::AddFile>& files, IdSet& ids) {
    bool fresh = true;
    for (const storage::AddFile& add : files) {
        scan_ids(root, add, model::DedupeScope::table,
                 [&](const IdHash& id, Timestamp time) { fresh &= ids.insert(id, time, 0); });
    }
    return fresh;
}

}  // namespace millrace::silver
