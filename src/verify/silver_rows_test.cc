#include "verify/silver_rows.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "silver/event_columns.h"
#include "silver/quarantine_rows.h"
#include "silver/silver_table.h"
#include "silver/stage/listed_log.h"
#include "storage/parquet_file.h"
#include "storage/partition_path.h"

namespace millrace::verify {
namespace {

namespace fs = std::filesystem;
using model::DedupeScope;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

/// The tables of a log with two partitions, of which ten offsets each are processed.
class SilverRowsTest : public testing::Test {
  protected:
    /// An event and the place of its record in the log.
    struct StoredEvent {
        std::string id;
        std::int64_t offset = 0;
        double price = 10;
    };

    SilverRowsTest()
        : silver_(storage::DeltaTable::open_or_create(data_.silver(), *silver::silver_schema(),
                                                      silver::silver_partition_columns())),
          quarantine_(
              storage::DeltaTable::open_or_create(data_.quarantine(), *silver::quarantine_schema(), {})) {
        storage::Commit commit;
        for (const int partition : {0, 1})
            catalog::append_progress(commit.txns, {"events", 1}, partition,
                                     {.next_offset = bronze::Offset(10), .received = 10});
        add_to(silver_, std::move(commit));
    }
    ~SilverRowsTest() override { fs::remove_all(data_.root()); }

    static fs::path new_folder() {
        auto folder =
            fs::path(testing::TempDir()) / ("millrace_silver_rows_test_" + std::to_string(::getpid()));
        fs::remove_all(folder);
        return folder;
    }
    static void add_to(storage::DeltaTable& table, storage::Commit commit) {
        table.commit(std::move(commit), [](const storage::Commit&) { return true; });
    }
    /// Commits a file of events of a day, and returns its path.
    std::string store(const std::vector<StoredEvent>& events, int partition = 0, std::int64_t day = 18'000,
                      int epoch = 1) {
        silver::EventColumns columns;
        columns.start({.day = day, .event_type = "view", .partition = partition, .log_epoch = epoch});
        for (const StoredEvent& stored : events) {
            model::Event event;
            event.event_id = stored.id;
            event.user_id = "u";
            event.event_type = "view";
            event.timestamp = model::day_start(day);
            event.product_id = "p";
            event.price = stored.price;
            const bronze::Record record{bronze::Offset(stored.offset), base::from_ms(0), "u", "", ""};
            columns.append(event, {.record = record});
        }
        storage::Commit commit;
        storage::AddFile& add = commit.adds.emplace_back();
        add.partition_values = {{"event_date", model::format_day(day)}, {"event_type", "view"}};
        const std::string directory = storage::partition_directory(add.partition_values);
        fs::create_directories(silver_.root() / directory);
        const std::string path = directory + "/part-" + std::to_string(files_++) + ".parquet";
        add.path = path;
        storage::ParquetWriter writer(silver_.root() / path, silver::silver_layout());
        writer.write(*columns.batch(model::Timestamp()));
        storage::describe(add, writer.finish());
        add_to(silver_, std::move(commit));
        return path;
    }
    void quarantine(const std::vector<std::int64_t>& offsets, int epoch = 1) {
        std::vector<silver::QuarantineRow> rows;
        for (const std::int64_t offset : offsets)
            rows.push_back({.partition = 0, .offset = bronze::Offset(offset), .headers = ""});
        std::vector<const silver::QuarantineRow*> pointers;
        for (const silver::QuarantineRow& row : rows) pointers.push_back(&row);
        storage::Commit commit;
        storage::AddFile& add = commit.adds.emplace_back();
        add.path = "part-" + std::to_string(files_++) + ".parquet";
        storage::ParquetWriter writer(quarantine_.root() / add.path, silver::quarantine_layout());
        writer.write(*silver::quarantine_batch(pointers, "events", epoch, model::Timestamp()));
        storage::describe(add, writer.finish());
        add_to(quarantine_, std::move(commit));
    }

    ItemSets check_silver(DedupeScope scope = DedupeScope::table) {
        report_ = {};
        return check_silver_rows(SilverTables(data_, log_), {.dedupe_scope = scope}, report_);
    }
    ItemSets check_quarantine() {
        const SilverTables tables(data_, log_);
        VerifyReport of_silver;
        const ItemSets in_silver = check_silver_rows(tables, {}, of_silver);
        report_ = {};
        return check_quarantine_rows(tables, in_silver, report_);
    }
    /// The fault that the check of this name has found; empty if there is none.
    [[nodiscard]] std::string fault(const std::string& name) const {
        for (const Check& check : report_.checks) {
            if (check.name == name) return check.passed ? "" : check.detail;
        }
        return "there is no such check";
    }

    const catalog::DataDirectory data_{new_folder()};
    silver::ListedLog log_{2};
    storage::DeltaTable silver_;
    storage::DeltaTable quarantine_;
    VerifyReport report_;
    int files_ = 0;
};

TEST_F(SilverRowsTest, RowsOfWhichEachOffsetStandsOncePass) {
    store({{"a", 0}, {"b", 3}});
    store({{"c", 0}}, 1);
    store({{"a", 4}}, 0, 18'001);
    const ItemSets found = check_silver();
    EXPECT_TRUE(report_.passed()) << "an id may come again on another day";
    EXPECT_EQ(report_.checks.at(0).detail, "4 silver rows have valid values");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].size(), 3);
    EXPECT_TRUE(found[0].contains(bronze::Offset(3), 0));
    EXPECT_EQ(found[1].size(), 1);
}

TEST_F(SilverRowsTest, AnIdThatStandsTwiceOnADayIsFoundAcrossFiles) {
    const std::string first = store({{"a", 0}, {"b", 1}});
    const std::string second = store({{"c", 0}, {"b", 1}}, 1);
    check_silver();
    EXPECT_EQ(fault("duplicate ids"), "event_date 2019-04-14: b in " + first + ", again b in " + second);
    EXPECT_EQ(fault("offsets"), "");
    check_silver(DedupeScope::partition);
    EXPECT_EQ(fault("duplicate ids"), "") << "the rows are of different partitions";
}

TEST_F(SilverRowsTest, AnOffsetThatStandsTwiceIsFound) {
    store({{"a", 5}});
    store({{"b", 5}}, 1);
    store({{"c", 5}});
    const ItemSets found = check_silver();
    EXPECT_THAT(fault("offsets"), EndsWith("partition 0 offset 5 occurs twice"));
    EXPECT_EQ(found[0].size(), 1);
}

TEST_F(SilverRowsTest, ARowPastTheProgressIsFoundAndNotCounted) {
    store({{"a", 9}, {"b", 10}});
    const ItemSets found = check_silver();
    EXPECT_THAT(fault("offsets"), EndsWith("partition 0 offset 10 is past the progress"));
    EXPECT_EQ(found[0].size(), 1);
    store({{"c", 0}}, 2);
    check_silver();
    EXPECT_THAT(fault("offsets"), HasSubstr("and 1 more")) << "the log has no partition 2";
}

TEST_F(SilverRowsTest, RowsOfAnEarlierTopicOfThisNameHaveOtherOffsets) {
    store({{"a", 5}});
    store({{"b", 5}, {"c", 99}}, 0, 18'000, 7);
    const ItemSets found = check_silver();
    EXPECT_EQ(fault("offsets"), "");
    EXPECT_EQ(found[0].size(), 1);
    store({{"a", 6}}, 0, 18'000, 7);
    check_silver();
    EXPECT_NE(fault("duplicate ids"), "") << "their ids count all the same";
}

TEST_F(SilverRowsTest, AWrongValueIsFoundInItsFile) {
    store({{"a", 0}});
    const std::string wrong = store({{"b", 1, -3}});
    check_silver();
    EXPECT_THAT(fault("rows"), AllOf(HasSubstr(wrong), HasSubstr("event b has the price -3")));
}

TEST_F(SilverRowsTest, QuarantinedRecordsThatAreNotInSilverPass) {
    store({{"a", 0}});
    quarantine({1, 2});
    quarantine({0}, 7);  // This record is of an earlier topic.
    quarantine({10});    // The silver commit of this record may be under way.
    const ItemSets found = check_quarantine();
    EXPECT_TRUE(report_.passed()) << fault("quarantine");
    EXPECT_EQ(report_.checks.at(0).detail, "2 quarantined records, none of them in silver");
    EXPECT_EQ(found[0].size(), 2);
}

TEST_F(SilverRowsTest, AQuarantinedRecordThatIsInSilverTooOrStandsTwiceIsFound) {
    store({{"a", 3}});
    quarantine({3});
    check_quarantine();
    EXPECT_THAT(fault("quarantine"), EndsWith("partition 0 offset 3 is in silver too"));
    quarantine({4});
    quarantine({4});
    check_quarantine();
    EXPECT_THAT(fault("quarantine"), HasSubstr("and 1 more"));
}

}  // namespace
}  // namespace millrace::verify
