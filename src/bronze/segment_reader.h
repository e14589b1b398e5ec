#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "bronze/event_log.h"
#include "bronze/high_watermarks.h"
#include "bronze/segment.h"

namespace millrace::bronze {

/// Reads one partition's segments up to the published end. Not thread-safe.
class SegmentReader : public PartitionReader {
  public:
    /// Throws NoSuchOffset if `offset` is outside of what the partition holds.
    SegmentReader(std::filesystem::path directory, int partition, std::shared_ptr<HighWatermarks> published,
                  Offset offset);

    std::span<const Record> poll(std::size_t max_bytes) override;
    [[nodiscard]] Offset next_offset() const override { return next_offset_; }

  private:
    void open(const Segment& segment, Offset offset);
    void fill(std::size_t bytes);
    [[nodiscard]] std::size_t more_than(std::size_t bytes) const;
    void decode_buffered(Offset end);
    bool decode_batch(Offset end);
    void check_is_held() const;
    [[noreturn]] void throw_missing() const;
    [[noreturn]] void throw_damage(std::string_view what) const;

    const std::filesystem::path directory_;
    const int partition_;
    std::shared_ptr<HighWatermarks> published_;
    Offset next_offset_;
    // The base offset of the next batch. It is -1 at first, because the reader may begin within a batch.
    Offset expected_base_ = no_offset;

    base::File file_;
    Segment segment_;
    std::string buffer_;               // file bytes from position_ on, then record_padding
    std::size_t filled_ = 0;           // number of bytes in buffer_ that were read from the file
    std::size_t consumed_ = 0;         // number of bytes in buffer_ whose records were returned
    std::int64_t position_ = 0;        // position in the file of buffer_[0]
    std::deque<std::string> scratch_;  // decompressed batches, one in each string
    std::size_t scratch_used_ = 0;
    std::vector<Record> records_;
};

}  // namespace millrace::bronze
