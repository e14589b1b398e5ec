#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "bronze/record_batch.h"

/// The files of a partition. `<first offset, 20 digits>.log` holds record batches one after another. A sparse
/// index is beside it in `.idx`. The index is only a hint: it is checked against the log when it is used, and
/// it can be missing.
namespace millrace::bronze {

struct Segment {
    Offset base{0};
    std::filesystem::path path;

    [[nodiscard]] std::filesystem::path index_path() const;
};

[[nodiscard]] Segment segment_at(const std::filesystem::path& directory, Offset base);

/// Returns the segments in a partition's directory by base offset, or none if the directory does not exist.
[[nodiscard]] std::vector<Segment> list_segments(const std::filesystem::path& directory);

/// One entry of the sparse index. The batch that begins at `position` has the base offset `offset`, and no
/// record before it in the segment has a timestamp later than `max_timestamp`.
struct IndexEntry {
    Offset offset{0};
    std::int64_t position = 0;
    base::WallTime max_timestamp;
};

/// The minimum distance between two index entries, in log bytes.
inline constexpr std::int64_t index_interval = 1 << 20;

/// Reads a segment's index without the entries that contradict the log's size or order.
[[nodiscard]] std::vector<IndexEntry> read_index(const Segment& segment, std::int64_t log_bytes);
void append_index(const Segment& segment, const IndexEntry& entry);

/// Returns the last of `entries` at or before `offset`, or the segment's beginning if there is none.
[[nodiscard]] IndexEntry entry_before(const std::vector<IndexEntry>& entries, const Segment& segment,
                                      Offset offset);

/// Iterates over the batches of a segment by their headers and reads little else. `file` must outlive it.
class BatchScanner {
  public:
    BatchScanner(const base::File& file, std::int64_t position) : file_(file), position_(position) {}

    /// Returns the header of the batch at position(), or nullopt if there is no whole header. Does not move.
    std::optional<BatchHeader> peek();
    /// Moves past the batch whose header peek() returned.
    void skip(const BatchHeader& header) { position_ += static_cast<std::int64_t>(header.total_bytes()); }
    /// Returns all bytes of the batch at position(), or fewer at the end of the file.
    [[nodiscard]] std::string read(const BatchHeader& header) const;

    [[nodiscard]] std::int64_t position() const { return position_; }

  private:
    const base::File& file_;
    std::int64_t position_;
    std::string buffer_;
    std::int64_t buffer_start_ = 0;
};

/// Where a record batch was found.
struct FoundBatch {
    Offset base_offset{0};
    std::int64_t position = 0;
};

/// The leader epochs that a segment's batches may have.
using LeaderEpochs = std::array<std::int32_t, 2>;

/// Returns the first whole record batch (its CRC matches, and it has one of the epochs) that begins at or
/// after `position`, whatever comes before it, or nullopt if there is none. It may read the whole rest of the
/// file.
[[nodiscard]] std::optional<FoundBatch> find_whole_batch(const base::File& file, std::int64_t position,
                                                         const LeaderEpochs& epochs);

/// Returns the latest record timestamp in a segment, or nullopt if the segment is empty.
[[nodiscard]] std::optional<base::WallTime> max_timestamp(const Segment& segment);

}  // namespace millrace::bronze
