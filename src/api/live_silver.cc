#include "api/live_silver.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "model/timestamp.h"
#include "silver/event_columns.h"
#include "silver/silver_table.h"
#include "storage/parquet_file.h"

namespace millrace::api {

namespace {

using silver::RowBlock;
using Blocks = std::vector<silver::UncommittedRows::Block>;

/// The rows of a block belong into files by partition, log epoch, day and event type.
using FileKey = std::tuple<int, int, std::int64_t, std::string>;

std::map<FileKey, silver::EventColumns> files_of(const Blocks& blocks) {
    std::map<FileKey, silver::EventColumns> files;
    for (const auto& block : blocks) {
        for (const RowBlock::Row& row : block->rows()) {
            const std::int64_t day = model::day_of(row.event.timestamp);
            const auto [file, is_new] = files.try_emplace(
                {block->place().partition, block->place().epoch, day, std::string(row.event.event_type)});
            if (is_new)
                file->second.start({.day = day,
                                    .event_type = row.event.event_type,
                                    .partition = block->place().partition,
                                    .log_epoch = block->place().epoch});
            file->second.append(row.event, row.source());
        }
    }
    return files;
}

}  // namespace

serve::SqlView LiveSilver::listed(const serve::SqlView& silver) {
    serve::SqlView live = silver;
    live.name = "live.silver";
    return live;
}

/// The rows are looked at before the table, and those that the table has by then are left out: so no row is
/// missing, and none is there twice.
serve::SqlView LiveSilver::view(const serve::SqlView& silver, SqlViews& tables) {
    serve::SqlView live = listed(silver);
    if (rows_ == nullptr) return live;
    Blocks blocks = rows_->blocks();
    tables.visit(data_.silver(), [&](const storage::DeltaTable& table) {
        const storage::Snapshot& snapshot = table.snapshot();
        live.files.clear();
        const auto folder = data_.silver().lexically_relative(data_.root());
        for (const auto& [path, add] : snapshot.files)
            live.files.push_back({folder / path, add.partition_values});
        std::erase_if(blocks, [&](const auto& block) {
            return silver::is_committed(*block, [&](const std::string& id) { return snapshot.txn(id, 0); });
        });
    });
    if (!blocks.empty()) add_uncommitted(blocks, live);
    return live;
}

/// Writes the rows as Parquet files, which stay as long as the view.
void LiveSilver::add_uncommitted(const Blocks& blocks, serve::SqlView& view) {
    const auto folder = new_folder();
    view.lease = std::shared_ptr<const void>(nullptr, [folder](const void*) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    });
    std::filesystem::create_directories(folder);
    std::size_t number = 0;
    for (auto& [key, columns] : files_of(blocks)) {
        const auto path = folder / fmt::format("{}.parquet", number++);
        storage::ParquetWriter writer(path, silver::silver_layout());
        writer.write(*columns.batch(base::wall_time()));
        writer.finish_unsynced();
        view.files.push_back(
            {path.lexically_relative(data_.root()),
             {{"event_date", model::format_day(columns.day())}, {"event_type", columns.event_type()}}});
    }
}

std::filesystem::path LiveSilver::new_folder() {
    const base::MutexLock lock(mutex_);
    return scratch_ / fmt::format("silver-{}", ++folders_);
}

}  // namespace millrace::api
