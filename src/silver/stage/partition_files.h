#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bronze/record.h"
#include "model/event.h"
#include "silver/event_columns.h"
#include "silver/stage/column_pool.h"

namespace millrace::silver {

/// The rows of one bronze partition in one batch: a set of columns for each data file to be, which holds the
/// events of one day and type. Not thread-safe.
class PartitionFiles {
  public:
    /// `pool`, which the columns come from, must outlive it.
    PartitionFiles(ColumnPool& pool, int partition) : pool_(&pool), partition_(partition) {}

    /// True when the event began a file.
    bool append(const model::Event& event, const bronze::Record& record, int log_epoch);
    /// Moves the files to the end of `into`.
    void move_to(std::vector<std::unique_ptr<EventColumns>>& into);

  private:
    EventColumns& columns_for(const model::Event& event, int log_epoch);

    ColumnPool* pool_;
    int partition_;
    std::vector<std::unique_ptr<EventColumns>> files_;
    EventColumns* last_ = nullptr;  // of files_: the one that the row before went to
};

}  // namespace millrace::silver
