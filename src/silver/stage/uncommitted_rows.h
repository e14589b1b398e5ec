#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "bronze/record.h"
#include "model/event.h"
#include "silver/event_columns.h"

namespace millrace::silver {

/// Clean rows of one bronze partition, in the order of the log. All of them become part of the same commit.
class RowBlock {
  public:
    struct Row {
        model::Event event;
        bronze::Record record;  ///< offset, timestamp and key; neither value nor headers
        std::int32_t record_index = 0;
        std::string_view format;
        std::unique_ptr<char[]> texts;  ///< what the views of `event` and `record` point into

        [[nodiscard]] EventSource source() const { return {record, record_index, format}; }
    };

    /// Where the rows come from.
    struct Place {
        /// The id of the txn that holds the next offset of the partition in a commit
        /// (catalog::LogIdentity::progress_app_id()).
        std::string progress_id;
        int partition = 0;
        int epoch = 0;
    };

    explicit RowBlock(Place place) : place_(std::move(place)) {}

    /// Appends a copy of a row.
    void add(const model::Event& event, const EventSource& source);

    [[nodiscard]] std::span<const Row> rows() const { return rows_; }
    [[nodiscard]] const Place& place() const { return place_; }
    /// The memory that the rows take.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    Place place_;
    std::vector<Row> rows_;
    std::size_t bytes_ = 0;
};

/// The clean rows of this process that are not committed yet, for figures that are fresher than the commits.
/// Silver's lanes add rows. A row leaves when Gold has taken its commit in, or when its batch is given up.
/// Nothing that is published may rest on these rows. Thread-safe.
class UncommittedRows {
  public:
    using Block = std::shared_ptr<const RowBlock>;
    /// Returns the next offset that a commit or a snapshot holds for a Place::progress_id, or 0 if it holds
    /// none.
    using NextOffset = std::function<std::int64_t(const std::string& progress_id)>;

    /// More rows are not kept. One takes about a kilobyte, so these are two minutes of 1,000 events/s.
    static constexpr std::size_t most_bytes = std::size_t{128} << 20U;

    /// Declares that Gold reads rows, and removes those of the commits that it takes in. Before this call,
    /// Silver removes them.
    void open() { open_ = true; }
    [[nodiscard]] bool is_open() const { return open_; }
    /// Returns true if rows should be added.
    [[nodiscard]] bool wants_rows() const { return bytes_ < most_bytes; }
    void add(RowBlock block);
    /// Notes that clean rows of the batch that is being filled were left out.
    void note_gap() { has_gap_ = true; }
    /// Begins the next batch. No lane may work during the call.
    void begin_batch() {
        if (has_gap_.exchange(false)) sealed_has_gap_ = true;
    }
    /// Notes that the batch before is committed.
    void note_commit() { sealed_has_gap_ = false; }
    /// Returns whether rows are missing that are not committed.
    [[nodiscard]] bool has_gap() const { return has_gap_ || sealed_has_gap_; }
    /// Removes all rows: their records are processed again.
    void clear();
    /// Removes the rows of commits up to one that holds these offsets.
    void remove_committed(const NextOffset& next);

    /// The rows in the order in which they were added, without the first `from` blocks.
    [[nodiscard]] std::vector<Block> blocks(std::size_t from = 0) const;
    /// The number of changes, for readers who look for news.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    /// The number of calls of clear().
    [[nodiscard]] std::uint64_t clears() const { return clears_; }

  private:
    std::atomic<bool> open_ = false;
    std::atomic<bool> has_gap_ = false;
    std::atomic<bool> sealed_has_gap_ = false;  // the batch that is being committed
    std::atomic<std::size_t> bytes_ = 0;
    std::atomic<std::uint64_t> changes_ = 0;
    std::atomic<std::uint64_t> clears_ = 0;
    mutable base::Mutex mutex_;
    std::vector<Block> blocks_ MILLRACE_GUARDED_BY(mutex_);
};

/// Returns whether the rows of a block are part of a table that holds these offsets.
bool is_committed(const RowBlock& block, const UncommittedRows::NextOffset& next);

}  // namespace millrace::silver
