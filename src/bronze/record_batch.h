#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/compression.h"
#include "bronze/record.h"

/// Kafka's record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch): 61 bytes of header,
/// then the records, compressed together or not. docs/formats/segment-log.md shows it whole.
namespace millrace::bronze {

inline constexpr std::size_t batch_header_bytes = 61;
/// Bytes before the batch_length field's count begins: base_offset and batch_length themselves.
inline constexpr std::size_t batch_length_starts = 12;
inline constexpr std::size_t max_batch_bytes = 2 * max_record_bytes;

/// The fields of a batch header that this log uses.
struct BatchHeader {
    Offset base_offset = 0;
    std::int32_t batch_length = 0;  ///< bytes that follow this field
    std::int8_t magic = 0;
    std::uint32_t crc = 0;  ///< CRC-32C of all from attributes to the end
    std::int16_t attributes = 0;
    std::int32_t last_offset_delta = 0;
    std::int64_t base_timestamp_ms = 0;
    std::int64_t max_timestamp_ms = 0;
    std::int32_t record_count = 0;

    [[nodiscard]] Offset next_offset() const { return base_offset + last_offset_delta + 1; }
    [[nodiscard]] std::size_t total_bytes() const {
        return batch_length_starts + static_cast<std::size_t>(batch_length);
    }
    [[nodiscard]] Compression compression() const { return static_cast<Compression>(attributes & 7); }
};

/// Reads a header from the first batch_header_bytes of `bytes`. Nothing when they are too few or can't be a
/// v2 header.
std::optional<BatchHeader> parse_batch_header(std::string_view bytes);

/// True when `batch`, whole, has the CRC that its header tells.
bool batch_crc_matches(const BatchHeader& header, std::string_view batch);

/// Where the next batch of a RecordBatchBuilder may begin in `bytes`, at or after `from`; npos when none
/// does. Found by the mark of a batch without a producer, 14 bytes of 0xFF, which UTF-8 text never holds: no
/// sender of JSON events can forge it.
std::size_t find_batch_mark(std::string_view bytes, std::size_t from);

/// Builds one batch. Records are encoded as they are added; the buffer is kept for the next batch.
class RecordBatchBuilder {
  public:
    RecordBatchBuilder() { clear(); }

    /// Adds a record. A view whose data() is nullptr is null. Throws an Error when it is over
    /// max_record_bytes.
    void add(std::string_view key, std::string_view value, std::int64_t timestamp_ms,
             const std::vector<Header>& headers = {});

    [[nodiscard]] std::int32_t count() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    /// Bytes so far, header included, before compression.
    [[nodiscard]] std::size_t bytes() const { return size_; }

    /// The batch with everything but its base offset, which the log sets when it appends (the CRC leaves it
    /// out). The view lives until the next clear() or add().
    std::string_view finish(Compression compression = Compression::none);
    void clear();

  private:
    char* reserve(std::size_t more);
    void write_header(std::string& batch, Compression compression) const;

    std::string buffer_;
    std::size_t size_ = 0;
    std::string packed_;
    std::int32_t count_ = 0;
    std::int64_t base_timestamp_ms_ = 0;
    std::int64_t max_timestamp_ms_ = 0;
};

/// Decodes the records of one batch, whose CRC has been checked, into `into` (appended). `scratch` holds the
/// decompressed records, so that the views live as long as it and `batch`. False when the batch's inside is
/// damaged.
bool decode_records(const BatchHeader& header, std::string_view batch, std::string& scratch,
                    std::vector<Record>& into);

}  // namespace millrace::bronze
