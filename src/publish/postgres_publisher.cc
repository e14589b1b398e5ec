#include "publish/postgres_publisher.h"

#include <arrow/api.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "gold/stage/gold_file.h"
#include "gold/stage/gold_writer.h"
#include "model/timestamp.h"
#include "storage/arrow_status.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::publish {

namespace {

constexpr const char* publishing = "publishing to PostgreSQL";
constexpr RetryLoop::Pauses postgres_pauses{.poll_interval = std::chrono::milliseconds(200),
                                            .max_pause = std::chrono::seconds(30)};
constexpr std::chrono::milliseconds request_timeout(2000);  // time for Gold to reply
constexpr std::chrono::milliseconds min_pause(1000);  // pause after the first failure of a table or view

/// The changes that a table's commits make after a version.
struct Changes {
    bool all = false;            ///< all rows must be replaced: the commits are gone, or it is another table
    bool provisional = all;      ///< provisional rows were added or removed
    std::set<std::string> days;  ///< days whose rows were replaced, or whose files were joined
    std::vector<storage::AddFile> files;  ///< files with new rows of other days
};

std::string day_of(const auto& file) {
    return std::string(storage::partition_value(file, "day"));
}

Changes changes_since(const storage::DeltaTable& table, storage::Version version) {
    const storage::Snapshot& snapshot = table.snapshot();
    Changes changes;
    std::vector<storage::AddFile> added;
    for (storage::Version next = version + 1; next <= snapshot.version; ++next) {
        const auto commit = table.read_commit(next);
        if (!commit) return {.all = true};
        const auto is_closed = [&changes](const auto& file) {
            if (!file.data_change) return false;
            const bool provisional = gold::gold_file(file.path).is_provisional();
            changes.provisional |= provisional;
            return !provisional;
        };
        for (const storage::RemoveFile& file : commit->removes) {
            if (!is_closed(file)) continue;
            for (const auto& [column, value] : file.partition_values) {
                if (column == "day") changes.days.insert(value);
            }
        }
        std::ranges::copy_if(commit->adds, std::back_inserter(added), is_closed);
    }
    for (const storage::AddFile& file : added) {
        if (!snapshot.files.contains(file.path)) changes.days.insert(day_of(file));
    }
    std::ranges::copy_if(added, std::back_inserter(changes.files),
                         [&](const storage::AddFile& file) { return !changes.days.contains(day_of(file)); });
    return changes;
}

/// Adds the column `day`, which the rows in a file do not have.
std::shared_ptr<arrow::RecordBatch> with_day(const arrow::RecordBatch& rows, const std::string& day) {
    const auto days =
        storage::value_of(arrow::MakeArrayFromScalar(arrow::StringScalar(day), rows.num_rows()), publishing);
    return storage::value_of(rows.AddColumn(rows.num_columns(), "day", days), publishing);
}

std::string name_of(gold::Table table) {
    return std::string(gold::table_name(table));
}

}  // namespace

PostgresPublisher::PostgresPublisher(const catalog::DataDirectory& data, PostgresOptions options,
                                     gold::OpenWindowsChannel& windows)
    : data_(data),
      options_(std::move(options)),
      windows_(windows),
      loop_("postgres", postgres_pauses, [this](const base::StopSignal& stop) { publish_all(stop); }) {}

/// Requests the rows of the open windows if the previous ones are published and the interval has passed.
void PostgresPublisher::request_open() {
    if (!open_.empty() || (Clock::now() < next_open_ && !finishing_)) return;
    auto snapshot = windows_.request({.tables = gold::window_metrics(), .committed = true}, request_timeout);
    if (!snapshot) return;
    for (const gold::Table table : gold::window_metrics()) open_[table] = snapshot->open[table].take();
    next_open_ = Clock::now() + options_.open_interval;
}

void PostgresPublisher::finish(std::chrono::seconds limit) {
    finishing_ = true;
    loop_.drain();
    if (loop_.wait_until(Clock::now() + limit) && all_succeeded()) return;
    spdlog::warn("postgres: not everything could be published; the next run of Gold continues");
}

bool PostgresPublisher::all_succeeded() const {
    const base::MutexLock lock(mutex_);
    return std::ranges::all_of(attempts_, [](const auto& each) { return each.second.pause.count() == 0; });
}

PostgresBacklog PostgresPublisher::backlog(const std::map<gold::Table, storage::Version>& versions) const {
    const base::MutexLock lock(mutex_);
    PostgresBacklog backlog;
    for (const auto& [table, version] : versions) {
        const auto known = published_.find(table);
        backlog.commits += std::max<std::int64_t>(
            0, version - (known == published_.end() ? storage::no_version : known->second));
    }
    for (const auto& [name, attempts] : attempts_) backlog.failures[name] = attempts.failures;
    return backlog;
}

void PostgresPublisher::publish_all(const base::StopSignal& stop) {
    try {
        if (!postgres_) connect();
        request_open();
        for (const gold::Table table : gold::all_tables) {
            if (stop.requested()) return;
            attempt(name_of(table), [&] {
                publish(table);
                publish_open(table);
            });
        }
        refresh_views();
    } catch (...) {
        postgres_.reset();
        const base::MutexLock lock(mutex_);
        ++attempts_["connection"].failures;
        throw;
    }
}

void PostgresPublisher::connect() {
    const auto silver = storage::DeltaTable::open(data_.silver());
    auto postgres =
        std::make_unique<PostgresGold>(options_.url, options_.schema, silver.snapshot().metadata.id);
    tables_.clear();
    progress_.clear();
    views_ = postgres->views();
    stale_views_.insert(views_.begin(), views_.end());  // the previous process may not have refreshed them
    postgres_ = std::move(postgres);
}

/// Runs `work`, unless it failed a short while ago. Throws only if the connection is lost.
void PostgresPublisher::attempt(const std::string& name, const std::function<void()>& work) {
    {
        const base::MutexLock lock(mutex_);
        if (Clock::now() < attempts_[name].next && !finishing_) return;
    }
    try {
        work();
        const base::MutexLock lock(mutex_);
        Attempts& attempts = attempts_[name];
        if (attempts.pause.count() > 0) spdlog::info("postgres: {} is up to date again", name);
        attempts = {.failures = attempts.failures};
    } catch (const std::exception& error) {
        if (!postgres_->is_connected()) throw;
        note_failure(name, error);
    }
}

void PostgresPublisher::note_failure(const std::string& name, const std::exception& error) {
    const base::MutexLock lock(mutex_);
    Attempts& attempts = attempts_[name];
    if (attempts.pause.count() == 0)
        spdlog::warn("postgres: updating {} failed: {}; trying again", name, error.what());
    ++attempts.failures;
    attempts.pause = std::clamp(attempts.pause * 2, min_pause, postgres_pauses.max_pause);
    attempts.next = Clock::now() + attempts.pause;
}

void PostgresPublisher::set_published(gold::Table table, storage::Version version) {
    const base::MutexLock lock(mutex_);
    published_[table] = version;
}

/// Opens a table and reads its progress in PostgreSQL.
void PostgresPublisher::open_table(gold::Table table) {
    if (tables_.contains(table)) return;
    progress_[table] = postgres_->progress(name_of(table)).value_or(PostgresGold::Progress());
    tables_.emplace(table, storage::DeltaTable::open(data_.gold() / gold::table_name(table)));
}

/// Publishes a table up to its newest version.
void PostgresPublisher::publish(gold::Table which) {
    open_table(which);
    storage::DeltaTable& table = tables_.at(which);
    table.refresh();
    const storage::Snapshot& snapshot = table.snapshot();
    PostgresGold::Progress& progress = progress_[which];
    const bool same = progress.table_id == snapshot.metadata.id && progress.delta_version <= snapshot.version;
    if (same) set_published(which, progress.delta_version);
    if (same && progress.delta_version == snapshot.version) return;
    const Changes changes = same ? changes_since(table, progress.delta_version) : Changes{.all = true};
    using Visit = std::function<void(const arrow::RecordBatch&)>;
    const auto read = [&table, which](const storage::AddFile& file, const Visit& visit) {
        const auto& columns = *gold::table_layout(which).schema;
        storage::scan_parquet(table.root() / file.path, columns, {}, [&](const arrow::RecordBatch& batch) {
            if (batch.num_rows() > 0) visit(*with_day(batch, day_of(file)));
        });
    };
    const PostgresGold::Rows closed = [&](const Visit& visit) {
        for (const auto& [path, file] : snapshot.files) {
            const bool wanted = changes.all || changes.days.contains(day_of(file));
            if (wanted && !gold::gold_file(path).is_provisional()) read(file, visit);
        }
        if (changes.all) return;
        for (const storage::AddFile& file : changes.files) read(file, visit);
    };
    const PostgresGold::Rows provisional = [&](const Visit& visit) {
        for (const auto& [path, file] : snapshot.files) {
            if (gold::gold_file(path).is_provisional()) read(file, visit);
        }
    };
    using Days = std::vector<std::string>;
    const PostgresGold::Progress next{snapshot.metadata.id, snapshot.version,
                                      gold::published_version(snapshot)};
    const PostgresGold::Change change{
        .days = changes.all ? std::nullopt : std::optional(Days(changes.days.begin(), changes.days.end())),
        .closed = closed,
        .open = changes.provisional ? provisional : PostgresGold::Rows()};
    postgres_->publish(name_of(which), change, next);
    progress = next;
    set_published(which, next.delta_version);
    stale_views_.insert(views_.begin(), views_.end());
}

/// Publishes the rows of a table's open windows if there are new ones. The rows are kept until that succeeds.
void PostgresPublisher::publish_open(gold::Table table) {
    auto open = open_.extract(table);
    // Provisional rows are the newest state of the open windows. Rows that were requested before are older.
    const auto found = tables_.find(table);
    if (found != tables_.end() && gold::count_provisional_files(found->second.snapshot()) > 0) return;
    if (open.empty()) return;
    try {
        postgres_->publish_open(name_of(table),
                                [&](const std::function<void(const arrow::RecordBatch&)>& visit) {
                                    for (const auto& [day, rows] : open.mapped()) {
                                        if (rows->num_rows() > 0)
                                            visit(*with_day(*rows, model::format_day(day)));
                                    }
                                });
    } catch (...) {
        open_.insert(std::move(open));
        throw;
    }
    stale_views_.insert(views_.begin(), views_.end());
}

void PostgresPublisher::refresh_views() {
    for (const std::string& view : std::set(stale_views_)) {
        attempt(view, [&] {
            postgres_->refresh(view);
            stale_views_.erase(view);
        });
    }
}

}  // namespace millrace::publish
