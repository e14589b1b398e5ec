#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "silver/check.h"
#include "silver/decoder.h"
#include "silver/event_columns.h"
#include "silver/horizon.h"
#include "silver/id_set.h"
#include "silver/quarantine_rows.h"
#include "silver/stage/column_pool.h"
#include "silver/stage/held_records.h"

namespace millrace::silver {

/// What all lanes of a stage share.
struct LaneContext {
    const bronze::EventLog& log;
    const model::ShopSettings& settings;
    EventTypes& types;
    IdSet& ids;
    Horizon& horizon;
    ColumnPool& columns;
};

/// What a lane did in one partition within one batch.
struct PartitionPart {
    int partition = 0;
    bronze::Offset first_offset = 0;
    catalog::PartitionProgress end;  ///< after the batch
    std::int64_t received = 0;
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::int64_t oldest_ms = 0;        ///< log time of the first record
    std::int64_t copies_in_table = 0;  ///< duplicates among the held records, which the others don't include

    /// Whether there is something to commit: records, or offsets without one.
    [[nodiscard]] bool moved() const { return end.next_offset != first_offset; }
};

/// A lane's share of one batch.
struct LanePart {
    std::vector<PartitionPart> partitions;
    std::vector<std::unique_ptr<EventColumns>> files;
    std::vector<QuarantineRow> quarantine;
    std::vector<HeldRecord> held;  ///< records that settle_held() makes rows or duplicates of
    std::int64_t bytes = 0;
    std::int64_t unknown_fields = 0;

    [[nodiscard]] std::int64_t received() const;
    [[nodiscard]] bool moved() const;
};

/// Where a lane is to go on in one partition.
struct LaneAssignment {
    int partition = 0;
    int epoch = 0;                 ///< of the log, for the rows
    bronze::Offset committed = 0;  ///< the table's offset; the progress may be past it, over a gap
    catalog::PartitionProgress progress;
    std::set<bronze::Offset> quarantined;  ///< offsets past it that are in the quarantine table already
    std::optional<bronze::Offset> end;     ///< where to stop, or nothing to follow the log
};

/// When a lane's part of a batch ends, at the latest.
struct LaneLimits {
    std::int64_t rows = 100'000;
    std::int64_t bytes = 64LL << 20;  ///< of records
    std::size_t files = 512;  ///< data files, one for each partition, day and event type: each takes memory
};

/// One thread's work, for a group of bronze partitions: read, decode, check, dedupe, columns. Not
/// thread-safe; what lanes share is in the LaneContext. The stage (silver_stage.h) calls it in turns.
class Lane {
  public:
    Lane(const LaneContext& context, std::vector<int> partitions, const LaneLimits& limits);
    ~Lane();

    void assign(LaneAssignment assignment);

    /// Ends reading, until the partitions are assigned again.
    void close_readers();

    /// Processes some of what each partition has, up to where the part is full; returns how many records.
    /// `batch` is the one being filled.
    std::size_t step(std::uint32_t batch);
    /// True when the last step left partitions out, so that others' event time catches up with theirs.
    [[nodiscard]] bool held_back() const { return held_back_; }
    /// True when a partition has been passed on since take(), be it only over offsets without a record.
    [[nodiscard]] bool moved() const;
    /// The offset that a partition is to be read from next.
    [[nodiscard]] bronze::Offset next_offset(int partition) const;
    /// True when each partition has come to its end.
    [[nodiscard]] bool finished() const;
    /// True when the part has come to a limit, so that the batch should end.
    [[nodiscard]] bool full() const;

    /// Ends the lane's part of the batch and starts the next.
    LanePart take();

    [[nodiscard]] const std::vector<int>& partitions() const { return partition_numbers_; }

  private:
    struct Partition;
    static constexpr std::size_t chunk = 16;  // records decoded before their ids are looked up

    void step_in(Partition& partition, std::uint32_t batch);
    static std::span<const bronze::Record> next_records(Partition& partition);
    void process(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch);
    void process_chunk(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch);
    void settle(Partition& partition, const bronze::Record& record, model::Event& event, Verdict verdict,
                const IdHash& id, std::uint32_t batch);
    void quarantine(Partition& partition, const bronze::Record& record, const Verdict& verdict);
    void hold(const Partition& partition, const bronze::Record& record, const model::Event& event,
              const IdHash& id);

    LaneContext context_;
    const LaneLimits limits_;
    std::vector<int> partition_numbers_;
    std::vector<std::unique_ptr<Partition>> partitions_;
    std::size_t turn_ = 0;  // in partitions_: the one that the next step begins with
    std::array<Decoder, chunk> decoders_;
    Checker checker_;
    std::vector<QuarantineRow> quarantine_;
    std::vector<HeldRecord> held_;
    std::set<std::tuple<int, std::int64_t, std::string>> held_files_;  // partition, day and type of held_
    std::int64_t rows_ = 0;
    std::int64_t bytes_ = 0;
    std::size_t files_ = 0;  // but those of held_
    std::int64_t held_bytes_ = 0;
    std::int64_t unknown_before_ = 0;
    bool held_back_ = false;
};

}  // namespace millrace::silver
