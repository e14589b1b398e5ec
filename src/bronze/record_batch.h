#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "bronze/compression.h"
#include "bronze/record.h"

/// Kafka's record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch): a header of 61
/// bytes, then the records, which may be compressed together. docs/formats/segment-log.md describes the
/// format.
namespace millrace::bronze {

inline constexpr std::size_t batch_header_bytes = 61;
/// Bytes that batch_length does not count: the fields base_offset and batch_length themselves.
inline constexpr std::size_t batch_length_starts = 12;
inline constexpr std::size_t max_batch_bytes = 2 * max_record_bytes;

/// The fields of a batch header that this log uses.
struct BatchHeader {
    Offset base_offset{0};
    std::int32_t batch_length = 0;  ///< bytes that follow this field
    std::int32_t leader_epoch = 0;  ///< the topic's epoch; 0 in batches that 0.2 and older wrote
    std::int8_t magic = 0;
    std::uint32_t crc = 0;  ///< CRC-32C of everything from attributes to the end
    std::int16_t attributes = 0;
    std::int32_t last_offset_delta = 0;
    base::WallTime base_timestamp;
    base::WallTime max_timestamp;
    std::int32_t record_count = 0;

    [[nodiscard]] Offset next_offset() const { return base_offset + last_offset_delta + 1; }
    [[nodiscard]] std::size_t total_bytes() const {
        return batch_length_starts + static_cast<std::size_t>(batch_length);
    }
    [[nodiscard]] Compression compression() const { return static_cast<Compression>(attributes & 7); }
};

/// The bytes of a batch from its beginning through its leader epoch. The CRC does not cover them.
using BatchStart = std::array<char, 16>;

/// Returns the beginning of a batch of this length for a place in the log.
BatchStart batch_start(Offset base, const BatchHeader& header, std::int32_t leader_epoch);

/// Parses a header from the first batch_header_bytes of `bytes`. Returns nullopt if `bytes` is too short or
/// cannot be a v2 header.
std::optional<BatchHeader> parse_batch_header(std::string_view bytes);

/// Returns true if the whole `batch` has the CRC of its header.
bool batch_crc_matches(const BatchHeader& header, std::string_view batch);

/// Returns the position at or after `from` where the next batch of a RecordBatchBuilder may begin in `bytes`,
/// or npos. It searches for 14 bytes of 0xFF, the mark of a batch without a producer. A message may have
/// these bytes, so the batch must also have the epoch of its topic, which is random and which no sender
/// knows.
std::size_t find_batch_mark(std::string_view bytes, std::size_t from);

/// Builds one batch at a time. Records are encoded as they are added. The buffer is kept for the next batch.
class RecordBatchBuilder {
  public:
    RecordBatchBuilder() { clear(); }

    /// Adds a record. A view whose data() is nullptr means null. Throws an Error if the record is larger than
    /// max_record_bytes.
    void add(std::string_view key, std::string_view value, base::WallTime timestamp,
             const std::vector<Header>& headers = {});

    [[nodiscard]] std::int32_t count() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    /// Returns the uncompressed size so far in bytes, including the header.
    [[nodiscard]] std::size_t bytes() const { return size_; }

    /// Returns the batch complete but for its base offset, which the log sets when it appends the batch (the
    /// CRC does not cover it). The view lives until the next clear() or add().
    std::string_view finish(Compression compression = Compression::none);
    void clear();

  private:
    char* reserve(std::size_t more);
    void write_header(std::string& batch, Compression compression) const;

    std::string buffer_;
    std::size_t size_ = 0;
    std::string packed_;
    std::int32_t count_ = 0;
    base::WallTime base_timestamp_;
    base::WallTime max_timestamp_;
};

/// Decodes the records of one batch, whose CRC has been checked, and appends them to `into`. `scratch`
/// receives the decompressed records, so the views live as long as both `scratch` and `batch`. Returns false
/// if the content of the batch is damaged.
bool decode_records(const BatchHeader& header, std::string_view batch, std::string& scratch,
                    std::vector<Record>& into);

}  // namespace millrace::bronze
