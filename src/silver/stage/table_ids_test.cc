#include "silver/stage/table_ids.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "silver/event_columns.h"
#include "silver/silver_table.h"
#include "storage/parquet_file.h"

namespace millrace::silver {
namespace {

namespace fs = std::filesystem;
using model::DedupeScope;
using model::Timestamp;

constexpr Timestamp noon{std::chrono::days(18'000) + std::chrono::hours(12)};
constexpr Timestamp long_ago = Timestamp::min();

struct Row {
    std::string id;
    Timestamp time;
};

class TableIdsTest : public testing::Test {
  protected:
    TableIdsTest() { fs::remove_all(root_); }
    ~TableIdsTest() override { fs::remove_all(root_); }

    /// Writes rows of one day into a data file.
    void write(const std::vector<Row>& rows, int partition = 0) {
        const std::int64_t day = model::day_of(rows.front().time);
        EventColumns columns;
        columns.start({.day = day, .event_type = "view", .partition = partition, .log_epoch = 0});
        for (const Row& row : rows) {
            ASSERT_EQ(model::day_of(row.time), day);
            model::Event event;
            event.event_id = row.id;
            event.user_id = "u";
            event.event_type = "view";
            event.timestamp = row.time;
            const bronze::Record record{offset_++, model::to_wall_time(row.time), "u", "", ""};
            columns.append(event, {.record = record});
        }
        storage::AddFile add;
        add.partition_values = {{"event_date", model::format_day(day)}, {"event_type", "view"}};
        add.path = "part-" + std::to_string(files_.size()) + ".parquet";
        fs::create_directories(root_);
        storage::ParquetWriter writer(root_ / add.path, silver_layout());
        writer.write(*columns.batch(noon));
        storage::describe(add, writer.finish());
        files_[add.path] = add;
    }
    bool finds(const IdQuery& query, const std::string& id,
               model::DedupeScope scope = model::DedupeScope::table, int partition = 0) {
        return find_in_files(root_, files_, query, scope, pool_).contains(hash_id(id, scope, partition));
    }
    /// Returns true if the table is found to have the original of a duplicate of this time.
    bool finds_copy(const std::string& id, Timestamp time, Timestamp horizon_start, Timestamp floor) {
        IdQuery query(floor);
        query.add(hash_id(id), time, 0, horizon_start);
        return finds(query, id);
    }

    fs::path root_ = fs::temp_directory_path() / ("millrace_table_ids_test_" + std::to_string(::getpid()));
    Files files_;
    bronze::Offset offset_{0};
    base::WorkerPool pool_{2};
};

TEST_F(TableIdsTest, AnOriginalThatTheSetHasDroppedIsFoundForADuplicateOfAnyTime) {
    write({{"yesterday", noon - std::chrono::days(1)}});
    write({{"today", noon}});
    const Timestamp start = noon - std::chrono::days(1) - std::chrono::hours(1);
    const Timestamp floor = noon + std::chrono::hours(1);
    for (const Timestamp copy :
         {noon - std::chrono::days(5), noon - std::chrono::days(1), noon, noon + std::chrono::hours(6),
          noon + std::chrono::days(1), noon + std::chrono::days(9)}) {
        EXPECT_TRUE(finds_copy("yesterday", copy, start, floor)) << model::format_timestamp(copy);
        EXPECT_TRUE(finds_copy("today", copy, start, floor)) << model::format_timestamp(copy);
        EXPECT_FALSE(finds_copy("tomorrow", copy, start, floor)) << model::format_timestamp(copy);
    }
}

TEST_F(TableIdsTest, AnOriginalFromBeforeTheHorizonIsFoundForADuplicateOfTheSameDay) {
    write({{"a", noon - std::chrono::days(1)}});
    const Timestamp start = noon - std::chrono::hours(6);
    EXPECT_TRUE(finds_copy("a", noon - std::chrono::days(1), start, start));
    EXPECT_TRUE(finds_copy("a", noon - std::chrono::days(1) + std::chrono::hours(1), start, start));
    EXPECT_FALSE(finds_copy("a", noon - std::chrono::days(2), start, start));
    EXPECT_FALSE(finds_copy("a", noon, start, noon))
        << "a new event with the id of a row from before the horizon";
}

TEST_F(TableIdsTest, OnlyFilesThatMayHoldAnOriginalAreRead) {
    write({{"a", noon - std::chrono::days(1)}});
    write({{"b", noon}}, 1);
    const auto& yesterday = files_.at("part-0.parquet");
    const auto& today = files_.at("part-1.parquet");
    IdQuery query(noon + std::chrono::hours(1));
    query.add(hash_id("x"), noon + std::chrono::hours(2), 0, noon - std::chrono::hours(1));
    EXPECT_FALSE(query.concerns(yesterday, model::DedupeScope::table));
    EXPECT_TRUE(query.concerns(today, model::DedupeScope::table));
    EXPECT_FALSE(query.concerns(today, model::DedupeScope::partition)) << "the file is of another partition";
    query.add(hash_id("y"), noon - std::chrono::days(1), 1, noon - std::chrono::hours(1));
    EXPECT_TRUE(query.concerns(yesterday, model::DedupeScope::table))
        << "the file is of the day of an old event";
    EXPECT_TRUE(query.concerns(today, model::DedupeScope::partition));
    IdQuery later(noon - std::chrono::hours(1));
    later.add(hash_id("x"), noon, 0, noon - std::chrono::hours(2));
    EXPECT_FALSE(later.concerns(today, model::DedupeScope::table)) << "the set has all ids of the file";
}

TEST_F(TableIdsTest, RowsTellTheClocksThatAnOlderTableLacks) {
    write({{"a", noon}, {"b", noon - std::chrono::hours(2)}}, 0);
    write({{"c", noon - std::chrono::hours(1)}}, 1);
    write({{"d", noon}}, 5);
    Horizon horizon(std::chrono::hours(24), 3);
    advance_by_rows(root_, files_, horizon, pool_);
    EXPECT_EQ(horizon.clock(0), noon);
    EXPECT_EQ(horizon.clock(1), noon - std::chrono::hours(1));
    EXPECT_EQ(horizon.clock(2), std::nullopt);
    EXPECT_EQ(horizon.earliest_start(), noon - std::chrono::hours(25));
}

TEST_F(TableIdsTest, AnIdThatIsUniqueByPartitionIsFoundInItsPartitionOnly) {
    write({{"a", noon}}, 1);
    for (const int partition : {0, 1}) {
        IdQuery query(noon + std::chrono::hours(1));
        query.add(hash_id("a", model::DedupeScope::partition, partition), noon, partition, long_ago);
        EXPECT_EQ(finds(query, "a", model::DedupeScope::partition, partition), partition == 1);
    }
}

/// After a start with too little memory for the horizon, the set or the table recognises each duplicate.
TEST_F(TableIdsTest, TooLittleMemoryForTheHorizonMissesNoDuplicate) {
    constexpr std::int64_t rows_a_day = 20'000;
    constexpr base::Duration between = base::Duration(std::chrono::days(1)) / rows_a_day;
    std::vector<Row> all;
    for (std::int64_t day = 17'998; day <= 18'000; ++day) {
        std::vector<Row> rows;
        for (std::int64_t i = 0; i < rows_a_day; ++i)
            rows.push_back({std::to_string(day * rows_a_day + i), model::day_start(day) + i * between});
        write(rows);
        all.insert(all.end(), rows.begin(), rows.end());
    }
    IdSet ids(512U << 10U);
    const Timestamp floor = all.back().time - std::chrono::hours(48);
    load_ids(root_, files_, ids, floor, model::DedupeScope::table, [](int) { return true; }, pool_);
    ASSERT_TRUE(ids.shortened());
    ASSERT_LT(ids.memory_bytes(), 1U << 20U);
    std::vector<Row> duplicates;  // duplicates that the set does not recognise know
    std::mt19937_64 random(3);
    constexpr auto four_days = static_cast<std::uint64_t>(base::Duration(std::chrono::days(4)).count());
    for (const Row& row : all) {
        const Timestamp copy =
            all.front().time + base::Duration(static_cast<std::int64_t>(random() % four_days));
        if (row.time >= ids.horizon_start() && ids.insert(hash_id(row.id), copy, 1))
            duplicates.push_back({row.id, copy});
    }
    EXPECT_GT(duplicates.size(), 10'000U);
    ASSERT_TRUE(ids.shortened());
    IdQuery query(ids.floor());
    for (const Row& copy : duplicates) query.add(hash_id(copy.id), copy.time, 0, ids.horizon_start());
    query.add(hash_id("new"), noon, 0, ids.horizon_start());
    const IdHashes found = find_in_files(root_, files_, query, model::DedupeScope::table, pool_);
    EXPECT_EQ(found.size(), duplicates.size());
    for (const Row& copy : duplicates) ASSERT_TRUE(found.contains(hash_id(copy.id))) << copy.id;
}

}  // namespace
}  // namespace millrace::silver
