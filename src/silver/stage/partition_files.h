#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/event.h"
#include "silver/event_columns.h"
#include "silver/stage/column_pool.h"

namespace millrace::silver {

/// The rows of one bronze partition in one batch. Each data file to be written has one set of columns, with
/// the events of one day and type. Not thread-safe.
class PartitionFiles {
  public:
    /// Takes the columns from `pool`, which must outlive this object.
    PartitionFiles(ColumnPool& pool, int partition) : pool_(&pool), partition_(partition) {}

    /// Appends a row. Returns true if the row starts a new file.
    bool append(const model::Event& event, const EventSource& source, int log_epoch);
    /// Moves the files to the end of `into`. This object is empty afterwards.
    void move_to(std::vector<std::unique_ptr<EventColumns>>& into);

  private:
    EventColumns& columns_for(const model::Event& event, int log_epoch);

    ColumnPool* pool_;
    int partition_;
    std::vector<std::unique_ptr<EventColumns>> files_;
    EventColumns* last_ = nullptr;  // the element of files_ that got the previous row
};

}  // namespace millrace::silver
