#pragma once

#include <filesystem>

#include "base/clock.h"
#include "bronze/event_log.h"
#include "catalog/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::archive {

/// A log together with its archive, from which it reads the records that the log has removed. It cannot be
/// appended to.
class ArchivedLog : public bronze::EventLog {
  public:
    /// `log` must outlive it. Throws an Error when the log is not the archived one, or when records between
    /// the archive's end and the log's beginning are missing.
    ArchivedLog(const bronze::EventLog& log, const std::filesystem::path& archive);

    [[nodiscard]] const std::string& topic() const override { return log_.topic(); }
    [[nodiscard]] int partitions() const override { return log_.partitions(); }
    [[nodiscard]] int epoch() const override { return log_.epoch(); }
    [[nodiscard]] bronze::OffsetRange offsets(int partition) const override;
    bronze::Offset append(int partition, bronze::RecordBatchBuilder& batch) override;
    [[nodiscard]] std::unique_ptr<bronze::PartitionReader> read(int partition,
                                                                bronze::Offset offset) const override;
    [[nodiscard]] bronze::Offset offset_at(int partition, base::WallTime timestamp) const override {
        return log_.offset_at(partition, timestamp);
    }
    [[nodiscard]] std::int64_t records_numbered() const override { return log_.records_numbered(); }
    [[nodiscard]] std::uint32_t append_sequence() const override { return log_.append_sequence(); }
    void wait_for_append(std::uint32_t seen, std::chrono::microseconds limit) const override {
        log_.wait_for_append(seen, limit);
    }
    void wake() const override { log_.wake(); }

    /// What the archive holds of one partition.
    struct Part {
        std::vector<storage::AddFile> files;  ///< in offset order
        bronze::OffsetRange range;            ///< not set when there are no files
    };

  private:
    void order_part(int partition);

    const bronze::EventLog& log_;
    const storage::DeltaTable table_;
    const catalog::LogIdentity identity_;
    std::vector<Part> parts_;  // by partition
};

}  // namespace millrace::archive
