#include "gold/stage/silver_tail.h"

#include <arrow/api.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <utility>

#include "base/clock.h"
#include "gold/silver_rows.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"

namespace millrace::gold {

namespace {

constexpr auto look_interval = std::chrono::milliseconds(100);

/// Whether vacuum, which waits this long for Gold, may have removed files of the commits from here on.
bool is_too_old(const storage::Commit& commit) {
    return base::wall_time() - commit.timestamp >= max_wait_for_gold;
}

bool all_exist(const std::filesystem::path& root, const std::vector<storage::AddFile>& files) {
    return std::ranges::all_of(files,
                               [&](const auto& file) { return std::filesystem::exists(root / file.path); });
}

}  // namespace

SilverTail::SilverTail(const catalog::DataDirectory& data, base::WorkerPool& pool,
                       silver::CommitQueue* commits)
    : pool_(pool),
      commits_(commits),
      table_(storage::DeltaTable::open_or_create(data.silver(), *silver::silver_schema(),
                                                 silver::silver_partition_columns())) {}

bool SilverTail::can_continue_from(const GoldPosition& position) const {
    const storage::Version newest = snapshot().version;
    if (position.silver_id != snapshot().metadata.id || position.silver_version > newest) return false;
    const auto next = table_.read_commit(position.silver_version + 1);
    return position.silver_version == newest || (next && !is_too_old(*next));
}

void SilverTail::reopen() {
    table_ = storage::DeltaTable::open(table_.root());
    version_ = snapshot().version;
}

std::optional<std::string> SilverTail::find_gap() const {
    const auto now = storage::DeltaTable::open(table_.root());
    if (now.snapshot().metadata.id != snapshot().metadata.id)
        return "another silver table has taken the place of the one that Gold follows";
    if (now.snapshot().version > version_ && !table_.read_commit(version_ + 1))
        return "the silver table's log no longer has the next commit that Gold needs";
    return std::nullopt;
}

std::optional<storage::Commit> SilverTail::next_commit() {
    if (commits_ == nullptr) return table_.read_commit(version_ + 1);
    const std::uint64_t pushes = commits_->pushes();
    const auto now = std::chrono::steady_clock::now();
    if (pushes == pushes_seen_ && now < look_again_) return std::nullopt;
    auto commit = table_.read_commit(version_ + 1);
    if (!commit) {
        pushes_seen_ = pushes;
        look_again_ = now + look_interval;
    }
    return commit;
}

bool SilverTail::read_rows(const storage::Commit& next, Strings& strings, const VisitRows& visit) {
    if (commits_ != nullptr) {
        if (auto columns = commits_->pop(version_ + 1)) {
            show_queued(std::move(*columns), strings, visit);
            return true;
        }
    }
    std::vector<storage::AddFile> files;
    std::ranges::copy_if(next.adds, std::back_inserter(files), &storage::AddFile::data_change);
    if (!all_exist(table_.root(), files)) return false;
    if (!files.empty()) read_files(files, strings, visit);
    return true;
}

void SilverTail::show_queued(silver::CommitQueue::Columns columns, Strings& strings, const VisitRows& visit) {
    queued_.clear();
    std::vector<SilverRows> rows(columns.size());
    std::vector<std::function<void()>> tasks;
    tasks.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i)
        tasks.emplace_back([&, i] { rows[i] = {columns[i]->batch(Timestamp()), columns[i]->event_type()}; });
    pool_.run_all(std::move(tasks));
    read_events(rows, strings, pool_, queued_);
    rows.clear();
    commits_->recycle(std::move(columns));
    if (!queued_.empty()) visit(queued_, end_of_time);
}

std::map<std::string, std::vector<storage::AddFile>> SilverTail::files_by_day() const {
    std::map<std::string, std::vector<storage::AddFile>> days;
    for (const auto& [path, file] : snapshot().files)
        days[std::string(storage::partition_value(file, "event_date"))].push_back(file);
    return days;
}

void SilverTail::read_links(Strings& strings, const VisitRows& visit) const {
    std::vector<storage::AddFile> files;
    for (const auto& [path, file] : snapshot().files) files.push_back(file);
    read_silver_links(table_.root(), files, strings, pool_, visit);
}

void SilverTail::read_files(const std::vector<storage::AddFile>& files, Strings& strings,
                            const VisitRows& visit) const {
    read_silver_rows(table_.root(), files, strings, pool_, visit);
}

}  // namespace millrace::gold
