#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bronze/event_log.h"
#include "catalog/data_loss.h"
#include "silver/ranges/range_result.h"
#include "silver/stage/silver_writer.h"

namespace millrace::silver {

/// How much a batch may have.
struct BatchLimits {
    std::int64_t records = 0;  ///< 0: no limit
    std::int64_t bytes = 0;    ///< the size of the records, about; 0: no limit
};

/// How a batch is divided among tasks.
struct TaskSizes {
    int tasks = 1;                        ///< make at least so many of a large batch
    std::int64_t most_records = 250'000;  ///< a task has at most so many
};

/// An end offset for each partition.
using PartitionEnds = std::map<int, bronze::Offset>;

/// Plans the ranges that tasks process, from where the table's progress ends. Not thread-safe.
class RangePlanner {
  public:
    /// Both objects must outlive the planner.
    RangePlanner(BatchSink& table, const bronze::EventLog& log, bool continue_on_data_loss);

    /// Returns the table's next offset in each partition, after the commits of all programs.
    [[nodiscard]] PartitionEnds progress();
    /// Returns where the log ends.
    [[nodiscard]] PartitionEnds log_ends() const;
    /// Returns where the next batch ends: not after `ends`, and within the limits, of which each partition
    /// has a share as large as its share of what is to be done.
    [[nodiscard]] PartitionEnds next_batch(const PartitionEnds& ends, const BatchLimits& limits);
    /// Divides what the table lacks up to these ends. Throws an Error if records are lost, unless the job is
    /// to go on then.
    [[nodiscard]] std::vector<RecordRange> divide(const PartitionEnds& ends, const TaskSizes& sizes);
    /// The event types that the table has.
    [[nodiscard]] std::vector<std::string> event_types() const;

  private:
    void check_log();
    [[nodiscard]] std::int64_t waiting(const PartitionEnds& ends) const;
    [[nodiscard]] bronze::Offset first_to_read(int partition) const;
    [[nodiscard]] double bytes_of_record(const PartitionEnds& from) const;

    BatchSink& table_;
    const bronze::EventLog& log_;
    const catalog::DataLossPolicy data_loss_;
    bool is_checked_ = false;  // whether check_log() ran since a batch was divided
};

}  // namespace millrace::silver
