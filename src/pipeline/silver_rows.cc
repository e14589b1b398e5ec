#include "pipeline/silver_rows.h"

#include <arrow/api.h>

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
    for (;;) {
        while (open.size() < files_at_once && next != files.end()) {
            open.push_back(
                {std::string(storage::partition_value(*next, "event_type")), root / next->path, {}, {}});
            ++next;
        }
        if (open.empty()) return;
        std::vector<std::function<void()>> tasks;
        tasks.reserve(open.size());
        for (OpenFile& file : open) tasks.emplace_back([&file] { file.read_on(); });
        pool.run_all(std::move(tasks));
        gold::Events events;
        for (const OpenFile& file : open) {
            if (file.rows) gold::read_events(*file.rows, file.event_type, strings, events);
        }
        std::erase_if(open, [](const OpenFile& file) { return !file.rows; });
        if (!events.rows.empty()) visit(events);
    }
}

}  // namespace millrace::pipeline
