#include "pipeline/postgres_publisher.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "model/timestamp.h"
#include "pipeline/gold_writer.h"
#include "storage/arrow_status.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::pipeline {

namespace {

using serve::PostgresGold;

constexpr const char* doing = "publishing to PostgreSQL";
constexpr Follower::Pauses pauses{.between_looks = std::chrono::milliseconds(200),
                                  .longest = std::chrono::seconds(30)};

/// What a table's commits since a version come to.
struct Changes {
    bool all = false;                     ///< the commits are gone, or the table is another one
    std::set<std::string> days;           ///< whose rows were replaced, or whose files were joined
    std::vector<storage::AddFile> files;  ///< with new rows, of other days
};

std::string day_of(const auto& file) {
    return std::string(storage::partition_value(file, "day"));
}

Changes changes_since(const storage::DeltaTable& table, std::int64_t version) {
    const storage::Snapshot& snapshot = table.snapshot();
    Changes changes;
    std::vector<storage::AddFile> added;
    for (std::int64_t next = version + 1; next <= snapshot.version; ++next) {
        const auto commit = table.read_commit(next);
        if (!commit) return {.all = true};
        for (const storage::RemoveFile& file : commit->removes) {
            if (!file.data_change) continue;
            for (const auto& [column, value] : file.partition_values) {
                if (column == "day") changes.days.insert(value);
            }
        }
        std::ranges::copy_if(commit->adds, std::back_inserter(added), &storage::AddFile::data_change);
    }
    for (const storage::AddFile& file : added) {
        if (!snapshot.files.contains(file.path)) changes.days.insert(day_of(file));
    }
    std::ranges::copy_if(added, std::back_inserter(changes.files),
                         [&](const storage::AddFile& file) { return !changes.days.contains(day_of(file)); });
    return changes;
}

/// The rows with the column `day`, which they don't have in their file.
std::shared_ptr<arrow::RecordBatch> with_day(const arrow::RecordBatch& rows, const std::string& day) {
    const auto days =
        storage::value_of(arrow::MakeArrayFromScalar(arrow::StringScalar(day), rows.num_rows()), doing);
    return storage::value_of(rows.AddColumn(rows.num_columns(), "day", days), doing);
}

PostgresGold::Table target(gold::Table table) {
    auto key = gold::table_key(table);
    if (table == gold::Table::users) key.emplace_back("day");
    return {std::string(gold::table_name(table)), std::move(key)};
}

}  // namespace

PostgresPublisher::PostgresPublisher(const DataDirectory& data, PostgresOptions options)
    : data_(data),
      options_(std::move(options)),
      follower_("postgres", pauses, [this](const base::StopSignal& stop) { publish_all(stop); }) {}

bool PostgresPublisher::wants_open() const {
    const std::lock_guard lock(mutex_);
    return !open_;
}

void PostgresPublisher::offer_open(gold::Output& open) {
    OpenRows rows;
    for (const gold::Table table : gold::window_metrics()) rows[table] = open[table].take();
    const std::lock_guard lock(mutex_);
    open_ = std::move(rows);
}

void PostgresPublisher::finish(std::chrono::seconds limit) {
    follower_.hurry();
    if (follower_.wait_until(std::chrono::steady_clock::now() + limit)) return;
    spdlog::warn("postgres: not all is published there; the next run of Gold goes on with it");
}

std::int64_t PostgresPublisher::lag(const std::map<gold::Table, std::int64_t>& versions) const {
    const std::lock_guard lock(mutex_);
    std::int64_t lag = 0;
    for (const auto& [table, version] : versions) {
        const auto known = published_.find(table);
        lag += std::max<std::int64_t>(0, version - (known == published_.end() ? -1 : known->second));
    }
    return lag;
}

void PostgresPublisher::publish_all(const base::StopSignal& stop) {
    try {
        if (!postgres_) connect();
        bool changed = false;
        for (const gold::Table table : gold::all_tables) {
            if (stop.requested()) return;
            changed |= publish(table);
        }
        changed |= publish_open();
        if (changed) postgres_->refresh_views();
    } catch (...) {
        postgres_.reset();
        throw;
    }
}

/// Finds out how far each table has come there.
void PostgresPublisher::connect() {
    const auto silver = storage::DeltaTable::open(data_.silver());
    auto postgres =
        std::make_unique<PostgresGold>(options_.url, options_.schema, silver.snapshot().metadata.id);
    tables_.clear();
    progress_.clear();
    for (const gold::Table table : gold::all_tables) {
        tables_.emplace(table, storage::DeltaTable::open(data_.gold() / gold::table_name(table)));
        progress_[table] =
            postgres->progress(std::string(gold::table_name(table))).value_or(PostgresGold::Progress());
    }
    postgres_ = std::move(postgres);
}

void PostgresPublisher::set_published(gold::Table table, std::int64_t version) {
    const std::lock_guard lock(mutex_);
    published_[table] = version;
}

/// Brings a table up to its newest version; false when it was there.
bool PostgresPublisher::publish(gold::Table which) {
    storage::DeltaTable& table = tables_.at(which);
    table.refresh();
    const storage::Snapshot& snapshot = table.snapshot();
    PostgresGold::Progress& progress = progress_[which];
    const bool same = progress.table_id == snapshot.metadata.id && progress.delta_version <= snapshot.version;
    if (same) set_published(which, progress.delta_version);
    if (same && progress.delta_version == snapshot.version) return false;
    const Changes changes = same ? changes_since(table, progress.delta_version) : Changes{.all = true};
    const auto rows = [&](const std::function<void(const arrow::RecordBatch&)>& visit) {
        const auto read = [&](const storage::AddFile& file) {
            storage::scan_parquet(table.root() / file.path, {}, [&](const arrow::RecordBatch& batch) {
                if (batch.num_rows() > 0) visit(*with_day(batch, day_of(file)));
            });
        };
        for (const auto& [path, file] : snapshot.files) {
            if (changes.all || changes.days.contains(day_of(file))) read(file);
        }
        if (!changes.all) std::ranges::for_each(changes.files, read);
    };
    using Days = std::vector<std::string>;
    const PostgresGold::Progress next{snapshot.metadata.id, snapshot.version, snapshot.txn(speed_app_id, -1)};
    postgres_->publish(
        target(which),
        changes.all ? std::nullopt : std::optional(Days(changes.days.begin(), changes.days.end())), rows,
        next);
    progress = next;
    set_published(which, next.delta_version);
    return true;
}

bool PostgresPublisher::publish_open() {
    const auto open = [&] {
        const std::lock_guard lock(mutex_);
        return open_;
    }();
    if (!open) return false;
    std::vector<std::pair<PostgresGold::Table, PostgresGold::Rows>> tables;
    for (const auto& [table, days] : *open) {
        tables.emplace_back(target(table),
                            [&days](const std::function<void(const arrow::RecordBatch&)>& visit) {
                                for (const auto& [day, rows] : days) {
                                    if (rows->num_rows() > 0) visit(*with_day(*rows, model::format_day(day)));
                                }
                            });
    }
    postgres_->publish_open(tables);
    const std::lock_guard lock(mutex_);
    open_.reset();
    return true;
}

}  // namespace millrace::pipeline
