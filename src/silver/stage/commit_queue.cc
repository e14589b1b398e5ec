#include "silver/stage/commit_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::silver {

namespace {

constexpr std::size_t max_rows = 600'000;  // rows that may wait: two full batches

/// The least number of rows that each file counts for, since its columns take memory even if it has few rows.
constexpr std::size_t rows_of_a_file = 50;

std::size_t rows_of(const CommitQueue::Columns& columns) {
    std::size_t rows = rows_of_a_file * columns.size();
    for (const auto& each : columns) rows += each->rows();
    return rows;
}

}  // namespace

void CommitQueue::open() {
    const base::MutexLock lock(mutex_);
    open_ = true;
}

void CommitQueue::push(storage::Version version, Columns& columns) {
    const std::size_t rows = rows_of(columns);
    ++pushes_;
    const base::MutexLock lock(mutex_);
    if (!open_ || rows_ + rows > max_rows) return;
    rows_ += rows;
    commits_.push_back({version, rows, std::exchange(columns, {})});
}

std::optional<CommitQueue::Columns> CommitQueue::pop(storage::Version version) {
    const base::MutexLock lock(mutex_);
    while (!commits_.empty() && commits_.front().version <= version) {
        Commit commit = std::move(commits_.front());
        commits_.pop_front();
        rows_ -= commit.rows;
        if (commit.version == version) return std::move(commit.columns);
        std::ranges::move(commit.columns, std::back_inserter(recycled_));
    }
    return std::nullopt;
}

void CommitQueue::recycle(Columns columns) {
    const base::MutexLock lock(mutex_);
    std::ranges::move(columns, std::back_inserter(recycled_));
}

CommitQueue::Columns CommitQueue::recycled() {
    const base::MutexLock lock(mutex_);
    return std::exchange(recycled_, {});
}

}  // namespace millrace::silver
