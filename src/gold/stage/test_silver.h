#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "gold/events.h"
#include "gold/stage/late_days.h"
#include "model/timestamp.h"
#include "silver/event_columns.h"
#include "silver/silver_table.h"
#include "storage/delta_table.h"
#include "storage/parquet_file.h"
#include "storage/partition_path.h"

/// What the tests of Gold's stage share: a silver table, and events.
namespace millrace::gold {

/// A view of a product, which its user makes at this event time and log time.
struct TestView {
    std::string user;
    model::Timestamp time;
};

/// One view as Gold takes it in. Its log time is its event time.
inline Events view_at(Strings& strings, model::Timestamp time) {
    Events events;
    events.rows.push_back({.time = time,
                           .price = 100,
                           .kind = Kind::view,
                           .user = strings[Field::user].add("u"),
                           .product = strings[Field::product].add("p"),
                           .currency = strings[Field::currency].add("EUR")});
    events.clocks = {{0, time}};
    events.newest = events.oldest = time;
    return events;
}

/// The days of one event that is late at a version of Silver, in UTC.
inline LateDays late_day(model::Timestamp time, storage::Version version) {
    LateDays late;
    late.add(Events{.rows = {{.time = time}}, .links = {}, .clocks = {}}, time + std::chrono::hours(1),
             version, model::TimeZone("UTC"));
    return late;
}

/// Fills the columns of a silver file with views of one UTC day.
inline void fill_columns(silver::EventColumns& columns, const std::vector<TestView>& views) {
    columns.start({.day = model::day_of(views.front().time), .event_type = "view"});
    bronze::Offset offset;
    for (const TestView& view : views) {
        model::Event event;
        event.event_id = view.user;
        event.user_id = view.user;
        event.event_type = "view";
        event.timestamp = view.time;
        event.product_id = "p";
        event.price = 10;
        const bronze::Record record{offset++, model::to_wall_time(view.time), view.user, "", ""};
        columns.append(event, {.record = record});
    }
}

/// Creates the silver table of a data directory as version 0, and commits to it as Silver does.
class TestSilver {
  public:
    explicit TestSilver(const catalog::DataDirectory& data)
        : table_(storage::DeltaTable::open_or_create(data.silver(), *silver::silver_schema(),
                                                     silver::silver_partition_columns())) {}

    /// Commits views of one UTC day as one file, and returns the version.
    storage::Version commit(const std::vector<TestView>& views) {
        storage::Commit commit;
        commit.operation = "STREAMING UPDATE";
        commit.adds.push_back(write(views));
        const catalog::LogIdentity log{"events", 0};
        received_ += static_cast<std::int64_t>(views.size());
        catalog::append_progress(commit.txns, log, 0,
                                 {.next_offset = bronze::Offset(received_), .received = received_});
        commit.txns.push_back(catalog::behind_txn(log, 0, 0));
        return table_.commit(std::move(commit), [](const storage::Commit&) { return true; }).value();
    }
    storage::DeltaTable& table() { return table_; }
    [[nodiscard]] std::filesystem::path log_file(int version) const {
        return table_.root() / "_delta_log" / ("0000000000000000000" + std::to_string(version) + ".json");
    }

  private:
    storage::AddFile write(const std::vector<TestView>& views) {
        silver::EventColumns columns;
        fill_columns(columns, views);
        storage::AddFile add;
        add.partition_values = {{"event_date", model::format_day(columns.day())}, {"event_type", "view"}};
        const std::string directory = storage::partition_directory(add.partition_values);
        std::filesystem::create_directories(table_.root() / directory);
        add.path = directory + "/part-" + std::to_string(files_++) + ".parquet";
        storage::ParquetWriter writer(table_.root() / add.path, silver::silver_layout());
        writer.write(*columns.batch(views.front().time));
        storage::describe(add, writer.finish());
        return add;
    }

    storage::DeltaTable table_;
    std::int64_t received_ = 0;
    int files_ = 0;
};

}  // namespace millrace::gold
