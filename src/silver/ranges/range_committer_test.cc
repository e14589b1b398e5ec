#include "silver/ranges/range_committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "silver/ranges/range_planner.h"
#include "silver/silver_table.h"
#include "silver/stage/listed_log.h"
#include "silver/stage/silver_stage.h"
#include "storage/column.h"
#include "storage/parquet_file.h"

namespace millrace::silver {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::string event(const std::string& id, const std::string& type = "view",
                  const std::string& time = "2019-10-01T00:00:00Z") {
    return R"({"event_id":")" + id + R"(","user_id":"u","event_type":")" + type + R"(","timestamp":")" +
           time + R"(","product_id":"p","price":1})";
}

/// A row's id, partition and offset.
using Row = std::tuple<std::string, int, std::int64_t>;

/// A shop with a table of its own, of a log that tests share.
class Shop {
  public:
    Shop(const std::string& name, const ListedLog& log, const model::ShopSettings& settings = {})
        : data_(folder(name)), log_(log), settings_(settings) {
        data_.adopt(settings);
    }
    ~Shop() { std::filesystem::remove_all(data_.root()); }
    Shop(const Shop&) = delete;
    Shop& operator=(const Shop&) = delete;

    [[nodiscard]] RangeWorker::Context context(EventTypes& types) {
        return {data_, log_, settings_, types, pool_};
    }
    RangeResult process(const RecordRange& range) {
        EventTypes types(settings_.rules.max_event_types);
        return process_range(context(types), range);
    }
    [[nodiscard]] RangeCommitter committer(const RangeCommitter::Options& options = {}) {
        return {writer_, data_, log_, settings_, options, pool_};
    }
    [[nodiscard]] RangePlanner planner(bool continue_on_data_loss = false) {
        return {planned_, log_, continue_on_data_loss};
    }
    /// Processes the log with the embedded stage.
    void run_stage() {
        SilverWriter writer(data_, log_, settings_, pool_);
        SilverStage stage(writer, log_, settings_, {.available_now = true}, pool_);
        stage.run(base::StopSignal());
    }
    [[nodiscard]] std::set<Row> rows() {
        std::set<Row> rows;
        planned_.refresh();
        for (const auto& [path, file] : planned_.snapshot().files) {
            storage::scan_parquet(data_.silver() / path, *silver_layout().schema, {},
                                  [&](const arrow::RecordBatch& batch) { add(rows, batch); });
        }
        return rows;
    }
    [[nodiscard]] catalog::PartitionProgress progress(int partition) {
        planned_.refresh();
        return planned_.progress(partition);
    }
    [[nodiscard]] std::int64_t quarantined() {
        planned_.refresh();
        std::int64_t items = 0;
        for (int p = 0; p < log_.partitions(); ++p)
            items += static_cast<std::int64_t>(planned_.quarantined(p, bronze::Offset(0)).size());
        return items;
    }
    SilverWriter& writer() { return writer_; }
    const catalog::DataDirectory& data() const { return data_; }

  private:
    static std::filesystem::path folder(const std::string& name) {
        auto path = std::filesystem::path(testing::TempDir()) /
                    ("millrace_ranges_" + name + "_" + std::to_string(::getpid()));
        std::filesystem::remove_all(path);
        return path;
    }
    static void add(std::set<Row>& rows, const arrow::RecordBatch& batch) {
        const auto& ids = storage::column<arrow::StringArray>(batch, "event_id");
        const auto& partitions = storage::column<arrow::Int32Array>(batch, "partition");
        const auto& offsets = storage::column<arrow::Int64Array>(batch, "offset");
        for (std::int64_t i = 0; i < batch.num_rows(); ++i)
            EXPECT_TRUE(rows.emplace(ids.GetString(i), partitions.Value(i), offsets.Value(i)).second);
    }

    const catalog::DataDirectory data_;
    const ListedLog& log_;
    const model::ShopSettings settings_;
    base::WorkerPool pool_{1};
    SilverWriter writer_{data_, log_, settings_, pool_};
    SilverWriter planned_{data_, log_, settings_, pool_};
};

RecordRange range(int partition, std::int64_t from, std::int64_t to) {
    return {partition, 1, bronze::Offset(from), bronze::Offset(from), bronze::Offset(to)};
}

std::vector<RangeResult> list(RangeResult result) {
    std::vector<RangeResult> results;
    results.push_back(std::move(result));
    return results;
}

/// Divides a log at random into batches of ranges, and processes them out of order.
void process_at_random(Shop& shop, std::mt19937& random) {
    RangePlanner planner = shop.planner();
    RangeCommitter committer = shop.committer();
    for (;;) {
        const auto batch =
            planner.next_batch(planner.log_ends(), {.records = 1 + static_cast<int>(random() % 40)});
        auto ranges = planner.divide(batch, {.tasks = 1, .most_records = 1 + static_cast<int>(random() % 9)});
        if (ranges.empty()) return;
        std::ranges::shuffle(ranges, random);
        std::vector<RangeResult> results;
        for (const RecordRange& each : ranges)
            results.push_back(RangeResult::from_bytes(shop.process(each).to_bytes()));
        committer.commit(std::move(results));
    }
}

TEST(RangeCommitter, AnyDivisionGivesTheRowsOfTheStage) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        ListedLog log(2);
        for (int i = 0; i < 150; ++i) {
            const int id = static_cast<int>(random() % 100);
            // Copies are in one partition, so that the first one is the same in any order.
            log.add(id % 2, random() % 10 == 0 ? "{" : event("e" + std::to_string(id), "view"));
        }
        Shop one("stage", log);
        Shop other("ranges", log);
        one.run_stage();
        process_at_random(other, random);
        EXPECT_THAT(one.rows(), SizeIs(testing::Gt(50U)));
        EXPECT_EQ(one.rows(), other.rows()) << "seed " << seed;
        EXPECT_EQ(one.quarantined(), other.quarantined());
        for (int p = 0; p < 2; ++p) {
            const auto expected = one.progress(p);
            const auto progress = other.progress(p);
            EXPECT_EQ(progress.next_offset, expected.next_offset);
            EXPECT_EQ(progress.items, expected.items);
            EXPECT_EQ(progress.duplicates, expected.duplicates);
            EXPECT_EQ(progress.quarantined, expected.quarantined);
            EXPECT_EQ(progress.clock, expected.clock);
            EXPECT_EQ(progress.last_crc, expected.last_crc);
        }
    }
}

TEST(RangeCommitter, ResultsThatComeTwiceAreCommittedOnce) {
    ListedLog log(1);
    for (int i = 0; i < 6; ++i) log.add(0, event("e" + std::to_string(i)));
    Shop shop("twice", log);
    RangeCommitter committer = shop.committer();
    const auto first = committer.commit(list(shop.process(range(0, 0, 4))));
    EXPECT_THAT(first.by_rule, IsEmpty());
    EXPECT_EQ(first.silver, 4);
    EXPECT_EQ(committer.commit(list(shop.process(range(0, 0, 4)))).version, storage::no_version);
    RangeCommitter restarted = shop.committer();
    EXPECT_EQ(restarted.commit(list(shop.process(range(0, 0, 4)))).version, storage::no_version);
    EXPECT_EQ(restarted.commit(list(shop.process(range(0, 2, 6)))).received, 2) << "the rest of the range";
    EXPECT_THAT(shop.rows(), SizeIs(6));
    EXPECT_EQ(shop.progress(0).received, 6);
}

TEST(RangeCommitter, RangesThatAnotherWriterHasTakenInAreLeftOut) {
    ListedLog log(2);
    for (int i = 0; i < 10; ++i) log.add(i % 2, event("e" + std::to_string(i)));
    Shop shop("other", log);
    RangeCommitter committer = shop.committer();
    committer.commit(list(shop.process(range(0, 0, 2))));
    auto results = list(shop.process(range(0, 2, 5)));
    results.push_back(shop.process(range(1, 0, 3)));
    shop.run_stage();  // commits all of the log
    EXPECT_EQ(committer.commit(std::move(results)).version, storage::no_version);
    EXPECT_THAT(shop.rows(), SizeIs(10));
}

TEST(RangeCommitter, ResultsBeyondTheTablesProgressAreRefused) {
    ListedLog log(1);
    for (int i = 0; i < 6; ++i) log.add(0, event("e" + std::to_string(i)));
    Shop shop("gap", log);
    RangeCommitter committer = shop.committer();
    EXPECT_THROW(committer.commit(list(shop.process(range(0, 2, 4)))), Error);
    EXPECT_THAT(shop.rows(), IsEmpty());
    EXPECT_EQ(committer.commit(list(shop.process(range(0, 0, 6)))).silver, 6) << "and it goes on";
}

TEST(RangeCommitter, ACopyOfARowIsDroppedFromItsFile) {
    ListedLog log(2);
    for (const char* id : {"a", "b", "c"}) log.add(0, event(id));
    for (const char* id : {"b", "x", "y", "c", "z"}) log.add(1, event(id));
    log.add(1, event("b", "view", "2018-01-01T00:00:00Z"));
    Shop shop("copies", log);
    RangeCommitter committer = shop.committer();
    committer.commit(list(shop.process(range(0, 0, 3))));
    const BatchReport report = committer.commit(list(shop.process(range(1, 0, 6))));
    EXPECT_EQ(report.duplicates, 3);
    EXPECT_EQ(report.silver, 3);
    EXPECT_THAT(shop.rows(), SizeIs(6));
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shop.data().silver()))
        files += entry.path().extension() == ".parquet" ? 1 : 0;
    EXPECT_EQ(files, 2) << "neither the file with copies nor one without rows is left";
}

TEST(RangeCommitter, AnOldCopyIsFoundInTheTable) {
    ListedLog log(1);
    log.add(0, event("old", "view", "2019-10-01T00:00:00Z"));
    for (int day = 10; day < 28; ++day)
        log.add(0, event("e" + std::to_string(day), "view", "2019-10-" + std::to_string(day) + "T00:00:00Z"));
    log.add(0, event("old", "view", "2019-10-01T00:00:00Z"));
    Shop shop("old", log);
    shop.committer().commit(list(shop.process(range(0, 0, 19))));
    // A new committer loads the ids of the last hour only.
    RangeCommitter committer = shop.committer({.horizon = std::chrono::hours(1)});
    EXPECT_EQ(committer.commit(list(shop.process(range(0, 19, 20)))).duplicates, 1);
    EXPECT_THAT(shop.rows(), SizeIs(19));
}

TEST(RangeCommitter, TheLimitOfEventTypesHoldsAcrossRanges) {
    ListedLog log(1);
    model::ShopSettings settings;
    settings.rules.max_event_types = 4;
    for (int i = 0; i < 12; ++i) {
        log.add(0, event("v" + std::to_string(i), i % 2 == 0 ? "view" : "cart"));  // do not count
        log.add(0, event("e" + std::to_string(i), "type_" + std::to_string(i)));
    }
    Shop one("types_stage", log, settings);
    Shop other("types_ranges", log, settings);
    one.run_stage();
    std::vector<RangeResult> results;
    for (int i = 0; i < 24; i += 6) results.push_back(other.process(range(0, i, i + 6)));
    other.committer().commit(std::move(results));
    EXPECT_EQ(one.rows(), other.rows());
    EXPECT_EQ(one.quarantined(), other.quarantined());
}

TEST(RangeCommitter, QuarantinedItemsOfAKilledDriverAreNotWrittenTwice) {
    ListedLog log(1);
    for (const char* text : {"{", R"({"event_id":"a"})"}) log.add(0, text);
    log.add(0, event("a"));
    Shop shop("quarantine", log);
    // A driver was killed between the two commits.
    const RangeResult result = shop.process(range(0, 0, 3));
    storage::DeltaTable quarantine = storage::DeltaTable::open(shop.data().quarantine());
    ASSERT_TRUE(quarantine.commit({.adds = result.files.quarantine}, [](const auto&) { return true; }));
    EXPECT_EQ(shop.quarantined(), 2);
    RangeCommitter committer = shop.committer();
    EXPECT_EQ(committer.commit(list(shop.process(range(0, 0, 1)))).quarantined, 1);
    EXPECT_EQ(committer.commit(list(shop.process(range(0, 1, 3)))).quarantined, 1);
    EXPECT_EQ(shop.quarantined(), 2);
    EXPECT_THAT(shop.rows(), SizeIs(1));
}

TEST(RangeCommitter, AnEqualIdOfAnotherPartitionIsNoCopyInItsScope) {
    ListedLog log(2);
    log.add(0, event("a"));
    log.add(1, event("a"));
    model::ShopSettings settings;
    settings.dedupe_scope = model::DedupeScope::partition;
    Shop shop("scope", log, settings);
    auto results = list(shop.process(range(0, 0, 1)));
    results.push_back(shop.process(range(1, 0, 1)));
    EXPECT_EQ(shop.committer().commit(std::move(results)).silver, 2);
}

TEST(RangeCommitter, RecordsThatTheLogHasLostAreSkippedAndCounted) {
    ListedLog log(1);
    for (int i = 0; i < 20; ++i) log.add(0, event("e" + std::to_string(i)));
    Shop shop("lost", log);
    shop.committer().commit(list(shop.process(range(0, 0, 1))));
    log.remove_before(0, 12);
    EXPECT_THROW((void)shop.planner().progress(), Error);
    RangePlanner planner = shop.planner(true);
    RangeCommitter committer = shop.committer();
    int batches = 0;
    for (;; ++batches) {  // the first batches have nothing but the gap
        const auto ranges = planner.divide(planner.next_batch(planner.log_ends(), {.records = 5}), {});
        if (ranges.empty()) break;
        ASSERT_LT(batches, 10);
        std::vector<RangeResult> results;
        for (const RecordRange& each : ranges) results.push_back(shop.process(each));
        committer.commit(std::move(results));
    }
    EXPECT_EQ(batches, 4);
    EXPECT_EQ(shop.progress(0).next_offset, bronze::Offset(20));
    EXPECT_EQ(shop.progress(0).skipped, 11);
    EXPECT_EQ(shop.progress(0).received, 9);
    EXPECT_THAT(shop.rows(), SizeIs(9));
}

TEST(RangePlanner, ALogThatBecameShorterIsNoted) {
    ListedLog log(1);
    for (int i = 0; i < 5; ++i) log.add(0, event("e" + std::to_string(i)));
    ListedLog other(1);
    other.add(0, event("x"));
    Shop shop("shorter", log);
    shop.committer().commit(list(shop.process(range(0, 0, 5))));
    RangePlanner planner(shop.writer(), other, false);
    EXPECT_THROW((void)planner.progress(), Error);
}

TEST(RangePlanner, EndsOfALongerTopicAreCut) {
    ListedLog log(1);
    for (int i = 0; i < 5; ++i) log.add(0, event("e" + std::to_string(i)));
    Shop shop("cut", log);
    RangePlanner planner = shop.planner();
    EXPECT_THAT(planner.divide({{0, bronze::Offset(1000)}}, {.tasks = 1, .most_records = 0}), SizeIs(5));
}

TEST(RangeResult, OtherBytesAreRefused) {
    EXPECT_THROW((void)RangeResult::from_bytes(""), Error);
    EXPECT_THROW((void)RangeResult::from_bytes(std::string(1000, '\xff')), Error);
    ListedLog log(1);
    for (int i = 0; i < 3; ++i) log.add(0, event("e" + std::to_string(i)));
    Shop shop("bytes", log);
    const std::string bytes = shop.process(range(0, 0, 3)).to_bytes();
    for (std::size_t size = 0; size < bytes.size(); size += 7)
        EXPECT_THROW((void)RangeResult::from_bytes(std::string_view(bytes).substr(0, size)), Error) << size;
    EXPECT_EQ(RangeResult::from_bytes(bytes).part.received, 3);
}

TEST(RangeWorker, ARangePastTheLogsEndIsRefused) {
    ListedLog log(1);
    log.add(0, event("a"));
    Shop shop("end", log);
    EXPECT_THROW(shop.process(range(0, 0, 2)), Error);
}

TEST(RangePlanner, ABatchKeepsItsLimits) {
    ListedLog log(2);
    for (int i = 0; i < 100; ++i) log.add(0, event("e" + std::to_string(i)));
    for (int i = 0; i < 300; ++i) log.add(1, event("f" + std::to_string(i)));
    Shop shop("plan", log);
    RangePlanner planner = shop.planner();
    const PartitionEnds some = planner.next_batch(planner.log_ends(), {.records = 40});
    EXPECT_EQ(some, (PartitionEnds{{0, bronze::Offset(10)}, {1, bronze::Offset(30)}}));
    EXPECT_EQ(planner.next_batch(planner.log_ends(), {}), planner.log_ends());
    const auto ranges = planner.divide(some, {.tasks = 2, .most_records = 20});
    EXPECT_THAT(ranges, testing::ElementsAre(range(0, 0, 10), range(1, 0, 15), range(1, 15, 30)));
}

}  // namespace
}  // namespace millrace::silver
