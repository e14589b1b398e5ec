#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "bronze/record_batch.h"

/// The files of a partition: `<first offset, 20 digits>.log` holds record batches one after another, and
/// beside it
/// `.idx` holds a sparse index, which is only a hint: it is checked against the log when used, and made anew
/// at need.
namespace millrace::bronze {

struct Segment {
    Offset base = 0;
    std::filesystem::path path;

    [[nodiscard]] std::filesystem::path index_path() const;
};

[[nodiscard]] Segment segment_at(const std::filesystem::path& directory, Offset base);

/// The segments of a partition's directory, by base offset. Empty when there is no such directory.
[[nodiscard]] std::vector<Segment> list_segments(const std::filesystem::path& directory);

/// One entry of the sparse index: the batch that begins at `position` has `offset` as its base, and no record
/// before it in the segment is younger than `max_timestamp_ms`.
struct IndexEntry {
    Offset offset = 0;
    std::int64_t position = 0;
    std::int64_t max_timestamp_ms = 0;
};

/// Log bytes between two index entries.
inline constexpr std::int64_t index_interval = 1 << 20;

/// The entries of a segment's index, without those that the log's size or order contradict.
[[nodiscard]] std::vector<IndexEntry> read_index(const Segment& segment, std::int64_t log_bytes);
void append_index(const Segment& segment, const IndexEntry& entry);

/// The last of `entries` at or before `offset`; the segment's beginning when there is none.
[[nodiscard]] IndexEntry entry_before(const std::vector<IndexEntry>& entries, const Segment& segment,
                                      Offset offset);

/// Walks over a segment's batches by their headers, reading little else.
class BatchScanner {
  public:
    BatchScanner(const base::File& file, std::int64_t position) : file_(file), position_(position) {}

    /// The header of the batch at position(), or nothing where no whole header stands. Reads, does not move.
    std::optional<BatchHeader> peek();
    /// Moves past the batch that peek() told.
    void skip(const BatchHeader& header) { position_ += static_cast<std::int64_t>(header.total_bytes()); }
    /// All bytes of the batch at position(), or fewer at the end of the file.
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
    Offset base_offset = 0;
    std::int64_t position = 0;
};

/// The first whole record batch (its CRC matches) that begins anywhere at or after `position`, whatever
/// stands before it; nothing when there is none. May read all of the rest of the file.
[[nodiscard]] std::optional<FoundBatch> find_whole_batch(const base::File& file, std::int64_t position);

/// The youngest record timestamp in a segment; nothing when it is empty.
[[nodiscard]] std::optional<std::int64_t> max_timestamp(const Segment& segment);

}  // namespace millrace::bronze
