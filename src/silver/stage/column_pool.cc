#include "silver/stage/column_pool.h"

#include <algorithm>
#include <utility>

namespace millrace::silver {

namespace {

constexpr std::size_t max_kept = 128;
constexpr std::size_t max_kept_id_bytes = 32 << 20;  // per object

}  // namespace

std::unique_ptr<EventColumns> ColumnPool::take(std::string_view event_type) {
    const base::MutexLock lock(mutex_);
    if (kept_.empty()) return std::make_unique<EventColumns>();
    // The sizes of event types differ a lot. Columns are reused for the type that they had before, so that
    // not all of them grow to the size of the largest type.
    const auto same_type =
        std::ranges::find_if(kept_, [&](const auto& columns) { return columns->event_type() == event_type; });
    auto& chosen = same_type != kept_.end() ? *same_type : kept_.back();
    std::swap(chosen, kept_.back());
    auto columns = std::move(kept_.back());
    kept_.pop_back();
    return columns;
}

void ColumnPool::recycle(std::unique_ptr<EventColumns> columns) {
    if (columns->id_bytes() > max_kept_id_bytes) return;
    const base::MutexLock lock(mutex_);
    if (kept_.size() < max_kept) kept_.push_back(std::move(columns));
}

std::size_t ColumnPool::free_larger_than(std::size_t rows) {
    const base::MutexLock lock(mutex_);
    return std::erase_if(kept_, [rows](const auto& columns) { return columns->capacity() > rows; });
}

}  // namespace millrace::silver
