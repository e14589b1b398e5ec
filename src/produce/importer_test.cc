#include "produce/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "bronze/segment_log.h"
#include "produce/test_files.h"

namespace millrace::produce {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ImporterTest : public FilesTest {
  protected:
    std::unique_ptr<bronze::SegmentLog> fresh_log() {
        bronze::TopicSettings settings;
        settings.name = "t" + std::to_string(logs_++);
        settings.partitions = 1;
        return bronze::SegmentLog::open_or_create(directory_ / "bronze", settings);
    }
    struct Imported {
        ImportReport report;
        std::vector<std::string> values;
        std::vector<std::string> keys;
        std::vector<std::string> ids;  // of the events, as they are decoded
    };
    Imported import(const fs::path& path, const ImportOptions& options) {
        const auto log = fresh_log();
        base::StopSignal stop;
        Imported imported;
        imported.report = Importer(*log, options).import(path, stop, [](const ImportReport&) {});
        const auto reader = log->read(0, bronze::Offset(0));
        silver::RecordDecoder decoder;
        for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
            for (const auto& record : records) {
                imported.values.emplace_back(record.value);
                imported.keys.emplace_back(record.key);
                for (const silver::Item& item : decoder.decode(record, {"events", 1, 0}))
                    if (item.verdict.ok() && item.ignored.empty())
                        imported.ids.emplace_back(item.event.event_id);
            }
        }
        return imported;
    }
    int logs_ = 0;
};

constexpr const char* rees46_header =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

TEST_F(ImporterTest, LinesAreAppendedAsTheyAreWithTheirHeaderBeside) {
    const auto imported =
        import(file("r.csv", std::string(rees46_header) +
                                 "2019-10-01 00:00:00 UTC,cart,1,2,a.b,br,35.79,u1,s1\n2019-10-01 "
                                 "00:00:01 UTC,view,2,2,,,33.20,u2,\n12,cut li\n"),
               {.format = FileFormat::rees46});
    EXPECT_THAT(imported.values, ElementsAre("2019-10-01 00:00:00 UTC,cart,1,2,a.b,br,35.79,u1,s1",
                                             "2019-10-01 00:00:01 UTC,view,2,2,,,33.20,u2,", "12,cut li"));
    EXPECT_THAT(imported.keys, ElementsAre("u1", "u2", ""));
    EXPECT_EQ(imported.ids.size(), 2U);
    EXPECT_EQ(imported.report.events, 2);
    ASSERT_TRUE(imported.report.refused.contains("bad_row"));
    EXPECT_EQ(imported.report.refused.at("bad_row").line, 4);
}

TEST_F(ImporterTest, MessagesOfOtherVendorsAreReadFromFiles) {
    const auto imported = import(
        file(
            "s.json",
            R"({"type":"track","event":"Product Viewed","userId":"u","messageId":"m1","timestamp":"2024-05-01T12:00:00Z","properties":{"product_id":"p","price":1}})"
            "\n"
            R"({"type":"identify","userId":"u","messageId":"m2"})"
            "\n"),
        {.format = FileFormat::segment});
    EXPECT_EQ(imported.report.records, 2);
    EXPECT_EQ(imported.report.events, 1);
    EXPECT_EQ(imported.report.ignored, 1);
    EXPECT_THAT(imported.keys, ElementsAre("u", "u"));
}

TEST_F(ImporterTest, AnEventWithoutAnIdHasTheSameOneInEachImport) {
    const std::string line = R"({"user_id":"u","event_type":"login","timestamp":"2024-05-01T12:00:00Z"})"
                             "\n";
    const auto first = import(file("a.json", line + line), {});
    const auto again = import(file("b.json", line + line + line), {});
    ASSERT_EQ(first.ids.size(), 2U);
    EXPECT_NE(first.ids[0], first.ids[1]);
    EXPECT_EQ(first.ids, std::vector(again.ids.begin(), again.ids.begin() + 2));
}

TEST_F(ImporterTest, IdsStayWhenAFileGrowsAndEqualRowsStayTwo) {
    const std::string row = "2019-10-01 00:00:00 UTC,view,1,2,,,3.5,u1,s1\n";
    const std::string later = "2019-10-01 00:00:05 UTC,view,1,2,,,3.5,u1,s1\n";
    const ImportOptions options{.format = FileFormat::rees46};
    const auto short_ids = import(file("a.csv", rees46_header + row + row + later), options).ids;
    const auto long_ids =
        import(file("b.csv", rees46_header + row + row + later + later + later), options).ids;
    ASSERT_EQ(short_ids.size(), 3U);
    EXPECT_NE(short_ids[0], short_ids[1]);
    EXPECT_EQ(std::vector(long_ids.begin(), long_ids.begin() + 3), short_ids);
    EXPECT_EQ(std::set(long_ids.begin(), long_ids.end()).size(), 5U);
}

TEST_F(ImporterTest, EqualRowsGetDistinctIdsInAFileThatIsNotInOrderOfTime) {
    const std::string a = "2019-10-01 00:00:09 UTC,view,1,2,,,3.5,u1,s1\n";
    const std::string b = "2019-10-01 00:00:01 UTC,view,1,2,,,3.5,u1,s1\n";
    const auto ids =
        import(file("a.csv", rees46_header + a + b + a + b + a), {.format = FileFormat::rees46}).ids;
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 5U);
    const auto sorted =
        import(file("b.csv", rees46_header + b + b + a + a + a), {.format = FileFormat::rees46}).ids;
    EXPECT_EQ(std::set(ids.begin(), ids.end()), std::set(sorted.begin(), sorted.end()));
}

TEST_F(ImporterTest, RetailrocketTakesPricesFromAFile) {
    const auto data =
        file("r.csv",
             "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,addtocart,355908,\n"
             "1433224214164,992329,transaction,248676,17\n");
    const auto without = import(data, {.format = FileFormat::retailrocket});
    EXPECT_EQ(without.report.without_price, 2);
    const auto with = import(data, {.format = FileFormat::retailrocket,
                                    .price_file = file("p.csv", "product_id,price\n248676,9.99\n")});
    EXPECT_EQ(with.report.without_price, 1);
    EXPECT_EQ(with.values, without.values);
}

TEST_F(ImporterTest, AWrongHeaderIsRefusedWithTheColumns) {
    try {
        import(file("x.csv", "a,b,c\n1,2,3\n"), {.format = FileFormat::rees46});
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("has no column event_time"));
    }
}

}  // namespace
}  // namespace millrace::produce
