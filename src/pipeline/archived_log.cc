#include "pipeline/archived_log.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "pipeline/archive_table.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

/// The first offset of a file's rows; the archive's writers always keep stats.
bronze::Offset first_offset(const storage::AddFile& add) {
    return storage::FileStats(add).min("offset").value_or(0);
}

/// Reads a partition from the archive, and from the log where that ends.
class ArchivedReader : public bronze::PartitionReader {
  public:
    ArchivedReader(const std::filesystem::path& root, const LogIdentity& identity,
                   const ArchivedLog::Part& part, const bronze::EventLog& log, int partition,
                   bronze::Offset offset)
        : root_(root),
          identity_(identity),
          part_(part),
          log_(log),
          partition_(partition),
          next_offset_(offset) {}

    std::span<const bronze::Record> poll(std::size_t max_bytes) override {
        while (!rest_ && next_offset_ < part_.range.end) {
            if (const auto rows = next_rows(); !rows.empty()) return rows;
        }
        if (!rest_) rest_ = log_.read(partition_, std::max(next_offset_, log_.offsets(partition_).start));
        const auto records = rest_->poll(max_bytes);
        next_offset_ = std::max(next_offset_, rest_->next_offset());
        return records;
    }
    [[nodiscard]] bronze::Offset next_offset() const override { return next_offset_; }

  private:
    std::span<const bronze::Record> next_rows() {
        const auto batch = file_ ? file_->next() : nullptr;
        if (!batch) {
            file_.reset();
            if (file_number_ == part_.files.size()) {
                next_offset_ = part_.range.end;  // offsets without a record are the last ones
                return {};
            }
            const storage::AddFile& add = part_.files[file_number_++];
            if (storage::FileStats(add).max("offset").value_or(next_offset_) >= next_offset_)
                file_ =
                    std::make_unique<storage::ParquetReader>(root_ / add.path, std::vector<std::string>());
            return {};
        }
        taken_ = rows_.take(*batch, identity_, next_offset_, part_.range.end);
        if (!taken_.empty()) next_offset_ = taken_.back().offset + 1;
        return taken_;
    }

    const std::filesystem::path& root_;
    const LogIdentity& identity_;
    const ArchivedLog::Part& part_;
    const bronze::EventLog& log_;
    const int partition_;
    bronze::Offset next_offset_;
    std::size_t file_number_ = 0;
    std::unique_ptr<storage::ParquetReader> file_;
    ArchivedRecords rows_;
    std::vector<bronze::Record> taken_;
    std::unique_ptr<bronze::PartitionReader> rest_;
};

}  // namespace

ArchivedLog::ArchivedLog(const bronze::EventLog& log, const std::filesystem::path& archive)
    : log_(log),
      table_(storage::DeltaTable::open(archive)),
      identity_(identify(table_.snapshot(), log)),
      parts_(static_cast<std::size_t>(log.partitions())) {
    for (const auto& [path, add] : table_.snapshot().files) {
        const storage::FileStats stats(add);
        const auto partition = stats.min("partition");
        if (!partition || *partition < 0 || *partition >= log.partitions() ||
            stats.min("log_epoch") != identity_.epoch)
            continue;
        parts_[static_cast<std::size_t>(*partition)].files.push_back(add);
    }
    for (int p = 0; p < log.partitions(); ++p) {
        Part& part = parts_[static_cast<std::size_t>(p)];
        if (part.files.empty()) continue;
        const PartitionProgress progress = read_progress(table_.snapshot(), log, p);
        check_same_log(log, p, progress);
        std::ranges::sort(part.files, {}, first_offset);
        part.range = {first_offset(part.files.front()), progress.next_offset};
    }
}

bronze::OffsetRange ArchivedLog::offsets(int partition) const {
    bronze::OffsetRange held = log_.offsets(partition);
    const Part& part = parts_[static_cast<std::size_t>(partition)];
    if (!part.files.empty()) held.start = std::min(held.start, part.range.start);
    return held;
}

bronze::Offset ArchivedLog::append(int /*partition*/, bronze::RecordBatchBuilder& /*batch*/) {
    throw Error(fmt::format("appending to {}", topic()), "an archive is only read");
}

std::unique_ptr<bronze::PartitionReader> ArchivedLog::read(int partition, bronze::Offset offset) const {
    const Part& part = parts_[static_cast<std::size_t>(partition)];
    if (part.files.empty() || offset >= log_.offsets(partition).start) return log_.read(partition, offset);
    return std::make_unique<ArchivedReader>(table_.root(), identity_, part, log_, partition, offset);
}

}  // namespace millrace::pipeline
