#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "silver/event_columns.h"

namespace millrace::pipeline {

/// Columns whose rows have been written, kept so that their memory is used again. Thread-safe.
class ColumnPool {
  public:
    /// Columns for a file of this event type: used ones, as long as there are any.
    [[nodiscard]] std::unique_ptr<silver::EventColumns> take(std::string_view event_type);
    void give_back(std::unique_ptr<silver::EventColumns> columns);

  private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<silver::EventColumns>> kept_;  // guarded by mutex_
};

}  // namespace millrace::pipeline
