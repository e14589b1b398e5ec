#include "bronze/segment_log.h"

#include <fmt/format.h>

#include "base/error.h"
#include "bronze/segment_reader.h"

namespace millrace::bronze {

namespace fs = std::filesystem;

std::unique_ptr<SegmentLog> SegmentLog::open(const fs::path& directory, const std::string& topic,
                                             LockWait lock_wait) {
    auto settings = TopicCatalog(directory).find(topic);
    if (!settings) {
        throw usage_error(fmt::format("opening the topic {} in {}", topic, directory.string()),
                          "the topic does not exist",
                          "Create events first with: millrace produce, or millrace import");
    }
    return std::unique_ptr<SegmentLog>(new SegmentLog(directory, std::move(*settings), lock_wait));
}

std::unique_ptr<SegmentLog> SegmentLog::open_or_create(const fs::path& directory,
                                                       const TopicSettings& settings, LockWait lock_wait) {
    return std::unique_ptr<SegmentLog>(
        new SegmentLog(directory, TopicCatalog(directory).find_or_create(settings), lock_wait));
}

SegmentLog::SegmentLog(const fs::path& directory, TopicSettings settings, LockWait lock_wait)
    : catalog_(directory), settings_(std::move(settings)) {
    published_ = catalog_.open_published(settings_);
    for (int p = 0; p < settings_.partitions; ++p) {
        logs_.push_back(std::make_unique<PartitionLog>(catalog_.partition_directory(settings_.name, p), p,
                                                       *published_, settings_.epoch, settings_.segments,
                                                       lock_wait));
        logs_.back()->recover_if_idle();
    }
}

OffsetRange SegmentLog::offsets(int partition) const {
    return {published_->start(partition), published_->end(partition)};
}

Offset SegmentLog::append(int partition, RecordBatchBuilder& batch) {
    const std::string_view finished = batch.finish(settings_.segments.compression);
    return logs_.at(static_cast<std::size_t>(partition))->append(finished);
}

std::unique_ptr<PartitionReader> SegmentLog::read(int partition, Offset offset) const {
    return std::make_unique<SegmentReader>(catalog_.partition_directory(settings_.name, partition), partition,
                                           published_, offset);
}

Offset SegmentLog::offset_at(int partition, base::WallTime timestamp) const {
    const OffsetRange held = offsets(partition);
    Offset from = held.start;
    for (const Segment& segment : list_segments(catalog_.partition_directory(settings_.name, partition))) {
        const base::File file(segment.path, base::File::Mode::read);
        if (segment.base < held.end) from = segment.base;
        for (const IndexEntry& entry : read_index(segment, file.size())) {
            if (entry.max_timestamp >= timestamp) break;
            if (entry.offset < held.end) from = entry.offset;
        }
        if (max_timestamp(segment).value_or(timestamp) >= timestamp) break;
    }
    const auto reader = read(partition, from);
    for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
        for (const Record& record : records) {
            if (record.timestamp >= timestamp) return record.offset;
        }
    }
    return held.end;
}

void SegmentLog::wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const {
    published_->wait(seen, limit);
}

std::int64_t SegmentLog::records_numbered() const {
    std::int64_t total = settings_.numbered_before;
    for (int p = 0; p < settings_.partitions; ++p) total += published_->end(p).value();
    return total;
}

}  // namespace millrace::bronze
