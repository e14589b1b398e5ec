#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "silver/event_columns.h"

namespace millrace::silver {

/// Columns whose rows have been written, kept so that their memory is used again. Thread-safe.
class ColumnPool {
  public:
    /// Columns for a file of this event type: used ones, as long as there are any.
    [[nodiscard]] std::unique_ptr<EventColumns> take(std::string_view event_type);
    void recycle(std::unique_ptr<EventColumns> columns);

  private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<EventColumns>> kept_;  // guarded by mutex_
};

}  // namespace millrace::silver
