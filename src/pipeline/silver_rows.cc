#include "pipeline/silver_rows.h"

#include <arrow/api.h>

#include <future>
#include <memory>
#include <string>

#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::pipeline {

namespace {

constexpr std::size_t files_at_once = 8;

/// A file that is being read, and the rows of it that are next.
struct OpenFile {
    std::string event_type;
    std::filesystem::path path;
    std::unique_ptr<storage::ParquetReader> reader;
    std::shared_ptr<arrow::RecordBatch> rows;

    void read_on() {
        if (!reader) {
            reader = std::make_unique<storage::ParquetReader>(path, gold::event_columns(),
                                                              storage::ParquetReader::Strings::dictionary);
        }
        rows = reader->next();
    }
};

}  // namespace

void read_silver_rows(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                      gold::Strings& strings, base::WorkerPool& pool,
                      const std::function<void(const gold::Events&)>& visit) {
    std::vector<OpenFile> open;
    auto next = files.begin();
    gold::Events events;  // whose memory is used again
    const auto read_on = [&] {
        std::erase_if(open, [](const OpenFile& file) { return file.reader && !file.rows; });
        for (; open.size() < files_at_once && next != files.end(); ++next)
            open.push_back(
                {std::string(storage::partition_value(*next, "event_type")), root / next->path, {}, {}});
        std::vector<std::function<void()>> tasks;
        tasks.reserve(open.size());
        for (OpenFile& file : open) tasks.emplace_back([&file] { file.read_on(); });
        pool.run_all(std::move(tasks));
    };
    read_on();
    while (!open.empty()) {
        events.rows.clear();
        events.clocks.clear();
        events.newest = 0;
        events.oldest = std::numeric_limits<model::Timestamp>::max();
        for (const OpenFile& file : open) {
            if (file.rows) gold::read_events(*file.rows, file.event_type, strings, events);
        }
        // The next rows are decoded while these are worked on.
        auto reading = std::async(std::launch::async, read_on);
        if (!events.rows.empty()) visit(events);
        reading.get();
    }
}

}  // namespace millrace::pipeline
