#include "gold/stage/silver_reader.h"

#include <arrow/api.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>

#include "gold/silver_rows.h"
#include "gold/state/window.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

namespace {

constexpr std::size_t files_at_once = 8;

/// What is read of each row.
enum class Part : std::uint8_t { events, visitors, links };

/// A file, the earliest time in it, and, while it is being read, its next rows.
struct SilverFile {
    std::string event_type;
    std::filesystem::path path;
    model::Timestamp earliest;
    std::unique_ptr<storage::ParquetReader> reader;
    std::shared_ptr<arrow::RecordBatch> rows;

    void read_on(Part part) {
        if (!reader) {
            auto columns = part == Part::events ? event_columns() : visitor_columns();
            if (part == Part::events && is_of_orders(event_type))
                columns.insert(columns.end(), order_columns().begin(), order_columns().end());
            reader = std::make_unique<storage::ParquetReader>(path, *silver::silver_layout().schema, columns,
                                                              storage::ParquetReader::Strings::dictionary);
        }
        // A file without anonymous ids has no links.
        rows = part == Part::links && !reader->has("anonymous_id") ? nullptr : reader->next();
    }
    [[nodiscard]] bool at_end() const { return reader && !rows; }
};

/// Without stats, any time is possible.
model::Timestamp earliest_in(const storage::AddFile& file) {
    return storage::FileStats(file).min_time("event_timestamp").value_or(no_watermark);
}

std::vector<SilverFile> by_time(const std::filesystem::path& root,
                                const std::vector<storage::AddFile>& files) {
    std::vector<SilverFile> sorted;
    sorted.reserve(files.size());
    for (const storage::AddFile& file : files) {
        sorted.push_back({std::string(storage::partition_value(file, "event_type")),
                          root / file.path,
                          earliest_in(file),
                          {},
                          {}});
    }
    std::ranges::sort(sorted, {}, &SilverFile::earliest);
    return sorted;
}

/// The earliest time that rows that are not read yet can have.
model::Timestamp earliest_left(const std::vector<SilverFile>& open, const SilverFile* next) {
    model::Timestamp left = next == nullptr ? end_of_time : next->earliest;
    for (const SilverFile& file : open) {
        if (!file.at_end()) left = std::min(left, file.earliest);
    }
    return left;
}

/// Converts the rows that were read into events.
void collect(const std::vector<SilverFile>& open, Part part, Strings& strings, base::WorkerPool& pool,
             Events& events) {
    events.clear();
    std::vector<SilverRows> rows;
    for (const SilverFile& file : open) {
        if (file.rows) rows.push_back({file.rows, file.event_type});
    }
    if (part == Part::events) return read_events(rows, strings, pool, events);
    for (const SilverRows& each : rows) read_visitors(each, strings, events);
}

void read_part(const std::filesystem::path& root, const std::vector<storage::AddFile>& files, Part part,
               Strings& strings, base::WorkerPool& pool, const VisitRows& visit) {
    std::vector<SilverFile> waiting = by_time(root, files);
    auto next = waiting.begin();
    std::vector<SilverFile> open;
    const auto read_on = [&] {
        std::erase_if(open, [](const SilverFile& file) { return file.at_end(); });
        for (; open.size() < files_at_once && next != waiting.end(); ++next) open.push_back(std::move(*next));
        std::vector<std::function<void()>> tasks;
        tasks.reserve(open.size());
        for (SilverFile& file : open) tasks.emplace_back([&file, part] { file.read_on(part); });
        pool.run_all(std::move(tasks));
    };
    Events events;  // declared here so that its memory is reused
    read_on();
    while (!open.empty()) {
        collect(open, part, strings, pool, events);
        const model::Timestamp left = earliest_left(open, next == waiting.end() ? nullptr : &*next);
        // Decodes the next rows while `visit` works on these.
        auto reading = std::async(std::launch::async, read_on);
        if (!events.empty()) visit(events, left);
        reading.get();
    }
}

}  // namespace

void read_silver_rows(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                      Strings& strings, base::WorkerPool& pool, const VisitRows& visit) {
    read_part(root, files, Part::events, strings, pool, visit);
}

void read_silver_visitors(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                          Strings& strings, base::WorkerPool& pool, const VisitRows& visit) {
    read_part(root, files, Part::visitors, strings, pool, visit);
}

void read_silver_links(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                       Strings& strings, base::WorkerPool& pool, const VisitRows& visit) {
    read_part(root, files, Part::links, strings, pool, visit);
}

}  // namespace millrace::gold
