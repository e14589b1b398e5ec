#include "archive/archived_log.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "archive/archive_table.h"
#include "base/error.h"
#include "base/json.h"
#include "storage/file_stats.h"

namespace millrace::archive {

namespace {

/// The first offset of a file's rows. The archive's writers always write stats.
bronze::Offset first_offset(const storage::AddFile& add) {
    return bronze::Offset(storage::FileStats(add).min("offset").value_or(0));
}

std::optional<bronze::Offset> last_offset(const storage::AddFile& add) {
    const auto last = storage::FileStats(add).max("offset");
    return last ? std::optional(bronze::Offset(*last)) : std::nullopt;
}

Error rewritten(const storage::DeltaTable& table, const std::string& path) {
    return Error(
        fmt::format("reading the archive {}", table.root().string()),
        fmt::format("{} mixes partitions or overlaps another file: another program has rewritten it", path),
        "Restore the table's version from before the rewrite, or leave the archive out with --no-archive.");
}

/// Reads a partition from the archive, and from the log after the archive's end.
class ArchivedReader : public bronze::PartitionReader {
  public:
    ArchivedReader(const std::filesystem::path& root, const catalog::LogIdentity& identity,
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
            if (given_ == taken_.size()) take_rows();
            if (const auto rows = give(max_bytes); !rows.empty()) return rows;
        }
        if (!rest_) rest_ = log_.read(partition_, next_offset_);  // throws when the log begins later now
        const auto records = rest_->poll(max_bytes);
        next_offset_ = std::max(next_offset_, rest_->next_offset());
        return records;
    }
    [[nodiscard]] bronze::Offset next_offset() const override { return next_offset_; }

  private:
    /// The next of the rows that are taken, about `max_bytes` of them.
    std::span<const bronze::Record> give(std::size_t max_bytes) {
        const std::size_t from = given_;
        for (std::size_t bytes = 0; given_ < taken_.size() && bytes < max_bytes; ++given_)
            bytes += taken_[given_].key.size() + taken_[given_].value.size() + bronze::record_padding;
        if (given_ > from) next_offset_ = taken_[given_ - 1].offset + 1;
        return std::span(taken_).subspan(from, given_ - from);
    }

    void take_rows() {
        taken_.clear();
        given_ = 0;
        if (const auto batch = file_ ? file_->next() : nullptr) {
            taken_ = rows_.take(*batch, identity_, next_offset_, part_.range.end);
            return;
        }
        file_.reset();
        if (file_number_ == part_.files.size()) {
            next_offset_ = part_.range.end;  // the last offsets have no record
            return;
        }
        const storage::AddFile& add = part_.files[file_number_++];
        if (last_offset(add).value_or(next_offset_) >= next_offset_)
            file_ = std::make_unique<storage::ParquetReader>(root_ / add.path, *archive_schema(),
                                                             std::vector<std::string>());
    }

    const std::filesystem::path& root_;
    const catalog::LogIdentity& identity_;
    const ArchivedLog::Part& part_;
    const bronze::EventLog& log_;
    const int partition_;
    bronze::Offset next_offset_;
    std::size_t file_number_ = 0;
    std::unique_ptr<storage::ParquetReader> file_;
    ArchivedRecords rows_;
    std::vector<bronze::Record> taken_;
    std::size_t given_ = 0;  // how many of taken_ poll() has returned
    std::unique_ptr<bronze::PartitionReader> rest_;
};

}  // namespace

ArchivedLog::ArchivedLog(const bronze::EventLog& log, const std::filesystem::path& archive)
    : log_(log),
      table_(storage::DeltaTable::open(archive)),
      identity_(catalog::identify(table_.snapshot(), log)),
      parts_(static_cast<std::size_t>(log.partitions())) {
    for (const auto& [path, add] : table_.snapshot().files) {
        const storage::FileStats stats(add);
        if (stats.constant("topic") != base::json::serialize(base::json::value(log.topic())) ||
            stats.constant("log_epoch") != std::to_string(identity_.epoch))
            continue;
        const auto partition = stats.min("partition");
        if (!partition || partition != stats.max("partition") || *partition < 0 ||
            *partition >= log.partitions())
            throw rewritten(table_, path);
        parts_[static_cast<std::size_t>(*partition)].files.push_back(add);
    }
    for (int p = 0; p < log.partitions(); ++p) order_part(p);
}

/// Puts a partition's files in offset order, and checks that the log continues where they end.
void ArchivedLog::order_part(int partition) {
    Part& part = parts_[static_cast<std::size_t>(partition)];
    if (part.files.empty()) return;
    std::ranges::sort(part.files, {}, first_offset);
    const auto overlaps = [](const storage::AddFile& before, const storage::AddFile& after) {
        return last_offset(before).value_or(first_offset(after)) >= first_offset(after);
    };
    const auto found = std::ranges::adjacent_find(part.files, overlaps);
    if (found != part.files.end()) throw rewritten(table_, found->path);
    const catalog::PartitionProgress progress = catalog::read_progress(table_.snapshot(), log_, partition);
    part.range = {first_offset(part.files.front()), progress.next_offset};
    const std::string doing =
        fmt::format("reading {} partition {} together with its archive", log_.topic(), partition);
    const bronze::Offset start = log_.offsets(partition).start;
    if (start > progress.next_offset) {
        throw Error(
            doing,
            fmt::format("the archive ends at offset {}, and the log begins at {}", progress.next_offset,
                        start),
            "The records between them were removed before they were archived. Leave the archive out with "
            "--no-archive; then only what the log holds is rebuilt.");
    }
    if (const auto other = catalog::find_other_log(log_, partition, progress))
        throw Error(doing, fmt::format("the log is not the one that was archived: {}", *other),
                    "Run millrace archive --on-data-loss continue first, or leave the archive out with "
                    "--no-archive.");
}

bronze::OffsetRange ArchivedLog::offsets(int partition) const {
    bronze::OffsetRange held = log_.offsets(partition);
    const Part& part = parts_[static_cast<std::size_t>(partition)];
    if (!part.files.empty()) held.start = std::min(held.start, part.range.start);
    return held;
}

bronze::Offset ArchivedLog::append(int /*partition*/, bronze::RecordBatchBuilder& /*batch*/) {
    throw Error(fmt::format("appending to {}", topic()), "a log with its archive can only be read");
}

std::unique_ptr<bronze::PartitionReader> ArchivedLog::read(int partition, bronze::Offset offset) const {
    const Part& part = parts_[static_cast<std::size_t>(partition)];
    if (part.files.empty() || offset >= log_.offsets(partition).start) return log_.read(partition, offset);
    return std::make_unique<ArchivedReader>(table_.root(), identity_, part, log_, partition, offset);
}

}  // namespace millrace::archive
