#include "bronze/segment_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace millrace::bronze {

SegmentReader::SegmentReader(std::filesystem::path directory, int partition,
                             std::shared_ptr<HighWatermarks> published, Offset offset)
    : directory_(std::move(directory)),
      partition_(partition),
      published_(std::move(published)),
      next_offset_(offset) {
    check_is_held();
}

/// Throws NoSuchOffset if the log does not hold the next offset, for example since retention removed it.
void SegmentReader::check_is_held() const {
    const OffsetRange held{published_->start(partition_), published_->end(partition_)};
    if (next_offset_ >= held.start && next_offset_ <= held.end) return;
    throw NoSuchOffset(fmt::format("reading {} from offset {}", directory_.string(), next_offset_),
                       fmt::format("the log holds the offsets {} to {}", held.start, held.end));
}

std::span<const Record> SegmentReader::poll(std::size_t max_bytes) {
    records_.clear();
    scratch_used_ = 0;
    const Offset end = published_->end(partition_);
    if (next_offset_ >= end) {
        if (published_->deleted()) {
            throw Error(fmt::format("reading {}", directory_.string()),
                        "the topic was deleted in the meantime",
                        "Start the command again to read the new topic.");
        }
        return {};
    }
    if (!file_.is_open()) {
        const auto segments = list_segments(directory_);
        const auto after = std::ranges::upper_bound(segments, next_offset_, {}, &Segment::base);
        if (after == segments.begin()) throw_missing();
        open(*std::prev(after), next_offset_);
    }
    for (std::size_t want = max_bytes; records_.empty(); want = more_than(want)) {
        fill(want);
        decode_buffered(end);
        if (!records_.empty()) break;
        if (filled_ >= want) continue;  // the batch is larger than the buffer
        if (filled_ != 0) throw_damage("the segment ends within a record batch that was synced");
        if (next_offset_ == segment_.base) throw_damage("the segment is empty");
        open(segment_at(directory_, next_offset_), next_offset_);
    }
    return records_;
}

void SegmentReader::open(const Segment& segment, Offset offset) {
    auto file = base::File::open_if_exists(segment.path);
    if (!file) throw_missing();
    file_ = std::move(*file);
    segment_ = segment;
    const IndexEntry hint = entry_before(read_index(segment, file_.size()), segment, offset);
    const auto hinted = BatchScanner(file_, hint.position).peek();
    const bool true_hint = hinted && hinted->base_offset == hint.offset;
    BatchScanner scanner(file_, true_hint ? hint.position : 0);
    for (auto header = scanner.peek(); header && header->next_offset() <= offset; header = scanner.peek()) {
        scanner.skip(*header);
    }
    position_ = scanner.position();
    filled_ = consumed_ = 0;
}

void SegmentReader::fill(std::size_t bytes) {
    if (consumed_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + consumed_, filled_ - consumed_);
        position_ += static_cast<std::int64_t>(consumed_);
        filled_ -= consumed_;
        consumed_ = 0;
    }
    if (buffer_.size() < bytes + record_padding) buffer_.resize(bytes + record_padding);
    if (filled_ < bytes) {
        filled_ += file_.read_at(position_ + static_cast<std::int64_t>(filled_), buffer_.data() + filled_,
                                 bytes - filled_);
    }
}

/// Returns how much to read if `bytes` bytes hold no whole batch. The end of the batch, if it is within
/// reach, leaves no part of the next batch, which would have to be moved.
std::size_t SegmentReader::more_than(std::size_t bytes) const {
    const auto header = parse_batch_header({buffer_.data() + consumed_, filled_ - consumed_});
    return header ? std::min(bytes * 2, header->total_bytes()) : bytes * 2;
}

void SegmentReader::decode_buffered(Offset end) {
    while (decode_batch(end)) {
    }
    // Bytes past the published end may still be cut and written again, so they are never kept.
    if (next_offset_ >= end) filled_ = consumed_;
}

bool SegmentReader::decode_batch(Offset end) {
    const std::string_view rest(buffer_.data() + consumed_, filled_ - consumed_);
    if (next_offset_ >= end || rest.size() < batch_header_bytes) return false;
    const auto header = parse_batch_header(rest);
    if (!header) throw_damage("there is no record batch at this position");
    if (header->total_bytes() > rest.size()) return false;
    const std::string_view batch = rest.substr(0, header->total_bytes());
    if (!batch_crc_matches(*header, batch)) throw_damage("the record batch fails its CRC");
    const bool follows = header->base_offset == expected_base_ ||
                         (expected_base_ == no_offset && header->base_offset <= next_offset_ &&
                          header->next_offset() > next_offset_);
    if (!follows) throw_damage("the record batch does not continue the offsets of the batch before it");
    if (scratch_.size() == scratch_used_) scratch_.emplace_back();
    const std::size_t before = records_.size();
    if (!decode_records(*header, batch, scratch_[scratch_used_], records_)) {
        throw_damage(
            fmt::format("the record batch ({}) cannot be decoded", compression_name(header->compression())));
    }
    if (header->compression() != Compression::none) ++scratch_used_;
    const auto first = records_.begin() + static_cast<std::ptrdiff_t>(before);
    const auto wanted =
        std::find_if(first, records_.end(), [&](const Record& r) { return r.offset >= next_offset_; });
    records_.erase(first, wanted);
    consumed_ += batch.size();
    next_offset_ = expected_base_ = header->next_offset();
    return true;
}

void SegmentReader::throw_missing() const {
    check_is_held();
    throw_damage("no segment begins at this offset");
}

void SegmentReader::throw_damage(std::string_view what) const {
    throw Error(fmt::format("reading {} at offset {} (byte {})",
                            segment_.path.empty() ? directory_.string() : segment_.path.string(),
                            next_offset_, position_ + static_cast<std::int64_t>(consumed_)),
                what, "Restore the file from a backup, or remove the topic and import its events again.");
}

}  // namespace millrace::bronze
