#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "bronze/event_log.h"
#include "bronze/partition_log.h"
#include "bronze/topics.h"

namespace millrace::bronze {

/// The embedded event log: one topic in append-only segment files (docs/formats/segment-log.md). Any number
/// of processes may read and write it at the same time. Thread-safe.
class SegmentLog : public EventLog {
  public:
    /// Opens the topic under `directory` (`DATA/bronze`). Throws a usage Error if it does not exist. The stop
    /// signal of `lock_wait` must outlive the log.
    static std::unique_ptr<SegmentLog> open(const std::filesystem::path& directory, const std::string& topic,
                                            LockWait lock_wait = {});
    /// Opens the topic. Creates it with `settings` if it does not exist.
    static std::unique_ptr<SegmentLog> open_or_create(const std::filesystem::path& directory,
                                                      const TopicSettings& settings, LockWait lock_wait = {});

    [[nodiscard]] const std::string& topic() const override { return settings_.name; }
    [[nodiscard]] int partitions() const override { return settings_.partitions; }
    [[nodiscard]] int epoch() const override { return settings_.epoch; }
    [[nodiscard]] OffsetRange offsets(int partition) const override;
    Offset append(int partition, RecordBatchBuilder& batch) override;
    [[nodiscard]] std::unique_ptr<PartitionReader> read(int partition, Offset offset) const override;
    [[nodiscard]] Offset offset_at(int partition, base::WallTime timestamp) const override;
    [[nodiscard]] std::uint32_t append_sequence() const override { return published_->counter(); }
    void wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const override;
    void wake() const override { published_->wake(); }
    /// Includes the records of deleted topics.
    [[nodiscard]] std::int64_t records_numbered() const override;

    [[nodiscard]] const TopicSettings& settings() const { return settings_; }

  private:
    SegmentLog(const std::filesystem::path& directory, TopicSettings settings, LockWait lock_wait);

    TopicCatalog catalog_;
    TopicSettings settings_;
    std::shared_ptr<HighWatermarks> published_;
    std::vector<std::unique_ptr<PartitionLog>> logs_;
};

}  // namespace millrace::bronze
