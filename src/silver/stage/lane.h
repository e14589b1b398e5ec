#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "silver/check.h"
#include "silver/event_columns.h"
#include "silver/formats/record_decoder.h"
#include "silver/horizon.h"
#include "silver/id_set.h"
#include "silver/quarantine_rows.h"
#include "silver/stage/column_pool.h"
#include "silver/stage/held_records.h"
#include "silver/stage/quarantined_items.h"
#include "silver/stage/uncommitted_rows.h"

namespace millrace::silver {

/// The objects that all lanes of a stage share.
struct LaneContext {
    const bronze::EventLog& log;
    const model::ShopSettings& settings;
    EventTypes& types;
    IdSet& ids;
    Horizon& horizon;
    ColumnPool& columns;
    UncommittedRows* uncommitted = nullptr;  ///< also gets the clean rows; null where nobody reads them
};

/// The work of a lane in one partition within one batch.
struct PartitionPart {
    int partition = 0;
    bronze::Offset first_offset{0};
    catalog::PartitionProgress end;  ///< the progress after the batch
    std::int64_t received = 0;       ///< records
    std::int64_t items = 0;          ///< items of these records, at least one of each
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::int64_t ignored = 0;
    base::WallTime oldest;  ///< log time of the first record
    /// Duplicates among the held records; `duplicates` does not include them.
    std::int64_t copies_in_table = 0;

    /// Adds the counts of another part of the same partition and batch.
    void add_counts(const PartitionPart& other) {
        received += other.received;
        items += other.items;
        duplicates += other.duplicates;
        quarantined += other.quarantined;
        ignored += other.ignored;
    }
    /// Adds the counts of the batch to those of the progress.
    void count_in_progress() {
        end.received += received;
        end.items += items;
        end.duplicates += duplicates;
        end.quarantined += quarantined;
        end.ignored += ignored;
    }
    /// Returns true if there is something to commit: records, or passed offsets without a record.
    [[nodiscard]] bool moved() const { return end.next_offset != first_offset; }
};

/// A lane's share of one batch.
struct LanePart {
    std::vector<PartitionPart> partitions;
    std::vector<std::unique_ptr<EventColumns>> files;
    std::vector<QuarantineRow> quarantine;
    std::vector<HeldRecord> held;  ///< items that settle_held() turns into rows or duplicates
    std::map<std::string_view, std::int64_t> ignored;  ///< items that are no events, by the reason
    std::int64_t bytes = 0;
    std::int64_t unknown_fields = 0;

    [[nodiscard]] std::int64_t received() const;
    [[nodiscard]] bool moved() const;
};

/// The point from which a lane continues in one partition.
struct LaneAssignment {
    int partition = 0;
    int epoch = 0;  ///< the epoch of the log, which the rows store
    /// The next offset of the table; the progress may be ahead of it, after a gap.
    bronze::Offset committed{0};
    catalog::PartitionProgress progress;
    /// Items from `committed` on that the quarantine table already has.
    ItemPlaces quarantined;
    std::optional<bronze::Offset> end;  ///< the offset to stop at, or nothing to follow the log
};

/// The limits at which a lane's part of a batch ends.
struct LaneLimits {
    std::int64_t rows = 100'000;
    std::int64_t bytes = 64LL << 20;  ///< bytes of records
    std::size_t files = 512;          ///< data files, one for each partition, day and event type
};

/// The work of one thread for a group of bronze partitions: reads, decodes, checks and deduplicates records,
/// and appends them to columns. Not thread-safe; the lanes share the objects of the LaneContext. The stage
/// (silver_stage.h) calls its functions in turns.
class Lane {
  public:
    Lane(const LaneContext& context, std::vector<int> partitions, const LaneLimits& limits);
    ~Lane();

    /// Sets the point from which the lane continues in one of its partitions, and opens a reader there.
    void assign(LaneAssignment assignment);

    /// Closes all readers. The lane must not step until its partitions are assigned again.
    void close_readers();

    /// Processes some records of each partition until the part is full. Returns how many records it
    /// processed. `batch` is the number of the batch that is being filled.
    std::size_t step(std::uint32_t batch);
    /// Returns true if the last step left out partitions so that the event time of other partitions catches
    /// up.
    [[nodiscard]] bool held_back() const { return held_back_; }
    /// Returns true if a partition has advanced since take(), even if only over offsets without a record.
    [[nodiscard]] bool moved() const;
    /// Returns the offset from which the partition is read next.
    [[nodiscard]] bronze::Offset next_offset(int partition) const;
    /// Returns true if each partition has reached its end.
    [[nodiscard]] bool finished() const;
    /// Returns true if the part has reached a limit, so that the batch should end.
    [[nodiscard]] bool full() const;

    /// Ends the lane's part of the batch, starts the next part, and returns the ended one.
    LanePart take();

    [[nodiscard]] const std::vector<int>& partitions() const { return partition_numbers_; }

  private:
    struct Partition;
    // Records that are decoded before their ids are looked up. More would not stay in the L1 cache.
    static constexpr std::size_t chunk = 4;
    /// An item that is decoded and checked, and waits for its id to be looked up.
    struct PendingItem {
        Item* item;
        EventSource source;
        IdHash id;
    };

    void step_in(Partition& partition, std::uint32_t batch);
    static std::span<const bronze::Record> next_records(Partition& partition);
    void process(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch);
    void process_chunk(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch);
    void add_items(Partition& partition, const bronze::Record& record, RecordDecoder& decoder);
    void settle(Partition& partition, const PendingItem& pending, std::uint32_t batch);
    void quarantine(Partition& partition, const PendingItem& pending);
    void hold(const Partition& partition, const PendingItem& pending);

    LaneContext context_;
    const LaneLimits limits_;
    std::vector<int> partition_numbers_;
    std::vector<std::unique_ptr<Partition>> partitions_;
    std::size_t turn_ = 0;  // index in partitions_ of the partition with which the next step begins
    std::vector<RecordDecoder> decoders_;  // one for each record of a chunk
    std::vector<PendingItem> pending_;
    Checker checker_;
    std::vector<QuarantineRow> quarantine_;
    std::vector<HeldRecord> held_;
    std::map<std::string_view, std::int64_t> ignored_;
    // Partition, day and event type of held_.
    std::set<std::tuple<int, std::int64_t, std::string>> held_files_;
    std::int64_t rows_ = 0;
    std::int64_t bytes_ = 0;
    std::size_t files_ = 0;  // files of the part, without those of held_
    std::int64_t held_bytes_ = 0;
    std::int64_t unknown_before_ = 0;
    bool held_back_ = false;
};

}  // namespace millrace::silver
