#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "silver/event_columns.h"

namespace millrace::silver {

/// Keeps the column objects whose rows have been written, so that their memory is reused. Thread-safe.
class ColumnPool {
  public:
    /// Returns columns for a file of this event type: used ones if there are any, otherwise new ones.
    [[nodiscard]] std::unique_ptr<EventColumns> take(std::string_view event_type);
    /// Returns columns to the pool, or frees them if they are too large or the pool is full.
    void recycle(std::unique_ptr<EventColumns> columns);
    /// Frees the columns that have memory for more than so many rows, and returns their number.
    std::size_t free_larger_than(std::size_t rows);

  private:
    base::Mutex mutex_;
    std::vector<std::unique_ptr<EventColumns>> kept_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::silver
