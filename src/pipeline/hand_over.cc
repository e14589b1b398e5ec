#include "pipeline/hand_over.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::pipeline {

namespace {

constexpr std::size_t most_rows = 600'000;  // that wait: two full batches

/// As many rows as a file's columns take memory for, however few it has.
constexpr std::size_t rows_of_a_file = 50;

std::size_t rows_of(const HandOver::Columns& columns) {
    std::size_t rows = rows_of_a_file * columns.size();
    for (const auto& each : columns) rows += each->rows();
    return rows;
}

}  // namespace

void HandOver::open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
}

void HandOver::offer(std::int64_t version, Columns& columns) {
    const std::size_t rows = rows_of(columns);
    const std::lock_guard lock(mutex_);
    if (!open_ || rows_ + rows > most_rows) return;
    rows_ += rows;
    commits_.push_back({version, rows, std::exchange(columns, {})});
}

std::optional<HandOver::Columns> HandOver::take(std::int64_t version) {
    const std::lock_guard lock(mutex_);
    while (!commits_.empty() && commits_.front().version <= version) {
        Commit commit = std::move(commits_.front());
        commits_.pop_front();
        rows_ -= commit.rows;
        if (commit.version == version) return std::move(commit.columns);
        std::ranges::move(commit.columns, std::back_inserter(used_));
    }
    return std::nullopt;
}

void HandOver::give_back(Columns columns) {
    const std::lock_guard lock(mutex_);
    std::ranges::move(columns, std::back_inserter(used_));
}

HandOver::Columns HandOver::used() {
    const std::lock_guard lock(mutex_);
    return std::exchange(used_, {});
}

}  // namespace millrace::pipeline
