#include "silver/stage/batch_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/random_id.h"
#include "silver/silver_table.h"
#include "storage/join_rows.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

namespace {

/// A partition with fewer rows of a day and type shares their file with other partitions: each file costs 10
/// KB and two waits for the disk, however few rows it has.
constexpr std::size_t rows_of_own_file = 10'000;

/// Returns the quarantine rows of all parts, by partition.
std::map<int, std::vector<const QuarantineRow*>> rows_by_partition(const std::vector<LanePart>& parts) {
    std::map<int, std::vector<const QuarantineRow*>> rows;
    for (const LanePart& part : parts) {
        for (const QuarantineRow& row : part.quarantine) rows[row.partition].push_back(&row);
    }
    return rows;
}

/// Returns the directory of a file, such as `event_date=2019-10-01/event_type=view`.
std::string silver_directory(const EventColumns& columns) {
    return storage::partition_directory(
        {{"event_date", model::format_day(columns.day())}, {"event_type", columns.event_type()}});
}

}  // namespace

BatchFiles::BatchFiles(const catalog::DataDirectory& data, base::WorkerPool& pool)
    : data_(data), pool_(pool), run_id_(base::random_id()) {}

std::vector<BatchFiles::FileRows> BatchFiles::divide(const std::vector<LanePart>& parts) {
    std::vector<FileRows> files;
    std::map<std::tuple<std::int64_t, std::string, int>, FileRows> shared;
    for (const LanePart& part : parts) {
        for (const auto& columns : part.files) {
            if (columns->rows() >= rows_of_own_file) {
                files.push_back({columns.get()});
            } else {
                shared[{columns->day(), columns->event_type(), columns->log_epoch()}].push_back(
                    columns.get());
            }
        }
    }
    for (auto& [key, rows] : shared) {
        std::ranges::sort(rows, {}, &EventColumns::partition);
        files.push_back(std::move(rows));
    }
    // The longest files come first, so that the last tasks to end are short.
    std::ranges::sort(files, std::greater(), [](const FileRows& rows) { return rows.front()->rows(); });
    return files;
}

storage::AddFile BatchFiles::write_file(const FileRows& rows, std::size_t number,
                                        model::Timestamp processing_timestamp) const {
    const EventColumns& first = *rows.front();
    storage::AddFile add;
    add.partition_values = {{"event_date", model::format_day(first.day())},
                            {"event_type", first.event_type()}};
    add.path =
        fmt::format("{}/part-{}-{}-{}.snappy.parquet", silver_directory(first), run_id_, batches_, number);
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (EventColumns* columns : rows) batches.push_back(columns->batch(processing_timestamp));
    storage::ParquetWriter writer(data_.silver() / add.path, silver_layout());
    writer.write(batches.size() == 1 ? *batches.front()
                                     : *storage::join_rows(batches, *silver_layout().schema));
    storage::describe(add, writer.finish());
    return add;
}

std::vector<storage::AddFile> BatchFiles::write_silver(const std::vector<FileRows>& files) {
    ++batches_;
    const model::Timestamp now = base::now();
    std::set<std::filesystem::path> directories;
    for (const FileRows& rows : files) directories.insert(data_.silver() / silver_directory(*rows.front()));
    for (const auto& directory : directories) base::make_directory(directory);
    std::vector<storage::AddFile> adds(files.size());
    std::vector<std::function<void()>> tasks;
    tasks.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        tasks.emplace_back([&, i] { adds[i] = write_file(files[i], i, now); });
    }
    pool_.run_all(std::move(tasks));
    for (const auto& directory : directories) base::sync_directory(directory);
    base::fail_point("silver.files.synced");
    return adds;
}

std::vector<storage::AddFile> BatchFiles::write_quarantine(const std::vector<LanePart>& parts,
                                                           const catalog::LogIdentity& log) {
    std::vector<storage::AddFile> adds;
    for (const auto& [partition, rows] : rows_by_partition(parts)) {
        storage::AddFile add;
        add.path = fmt::format("part-{}-{}-{}.snappy.parquet", run_id_, batches_, partition);
        storage::ParquetWriter writer(data_.quarantine() / add.path, quarantine_layout());
        writer.write(*quarantine_batch(rows, log.topic, log.epoch, base::now()));
        storage::describe(add, writer.finish());
        adds.push_back(std::move(add));
    }
    if (adds.empty()) return adds;
    base::sync_directory(data_.quarantine());
    base::fail_point("quarantine.files.synced");
    return adds;
}

WrittenFiles BatchFiles::write(const std::vector<LanePart>& parts, const catalog::LogIdentity& log) {
    WrittenFiles written;
    written.silver = write_silver(divide(parts));
    written.quarantine = write_quarantine(parts, log);
    return written;
}

}  // namespace millrace::silver
