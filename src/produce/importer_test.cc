#include "produce/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "base/error.h"
#include "bronze/segment_log.h"
#include "produce/test_files.h"

namespace millrace::produce {
namespace {

namespace fs = std::filesystem;

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
        std::vector<std::string> ids;
    };
    Imported import(const fs::path& path, const ImportOptions& options) {
        const auto log = fresh_log();
        base::StopSignal stop;
        Imported imported;
        imported.report = Importer(*log, options).import(path, stop, [](const ImportReport&) {});
        const auto reader = log->read(0, bronze::Offset(0));
        for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
            for (const auto& record : records) {
                imported.values.emplace_back(record.value);
                boost::system::error_code error;
                const auto value = boost::json::parse(imported.values.back(), error);
                if (!error && value.is_object()) imported.ids.emplace_back(value.at("event_id").as_string());
            }
        }
        return imported;
    }
    int logs_ = 0;
};

constexpr const char* rees46_header =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

TEST_F(ImporterTest, Rees46RowsBecomeEvents) {
    const auto imported =
        import(file("r.csv", std::string(rees46_header) +
                                 "2019-10-01 00:00:00 UTC,cart,1,2,a.b,br,35.79,u1,s1\n2019-10-01 "
                                 "00:00:01 UTC,view,2,2,,,33.20,u2,\n12,cut li\n"),
               {.format = ImportFormat::rees46});
    ASSERT_EQ(imported.values.size(), 3U);
    const auto first = boost::json::parse(imported.values[0]);
    EXPECT_EQ(first.at("event_type"), "add_to_cart");
    EXPECT_EQ(first.at("timestamp"), "2019-10-01T00:00:00Z");
    EXPECT_EQ(first.at("product_category"), "a.b");
    EXPECT_EQ(first.at("price"), 35.79);
    EXPECT_EQ(imported.values[2], "12,cut li");
    EXPECT_EQ(imported.report.unconverted, 1);
}

TEST_F(ImporterTest, IdsStayWhenAFileGrowsAndEqualRowsStayTwo) {
    const std::string row = "2019-10-01 00:00:00 UTC,view,1,2,,,3.5,u1,s1\n";
    const std::string later = "2019-10-01 00:00:05 UTC,view,1,2,,,3.5,u1,s1\n";
    const ImportOptions options{.format = ImportFormat::rees46};
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
        import(file("a.csv", rees46_header + a + b + a + b + a), {.format = ImportFormat::rees46}).ids;
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 5U);
    const auto sorted =
        import(file("b.csv", rees46_header + b + b + a + a + a), {.format = ImportFormat::rees46}).ids;
    EXPECT_EQ(std::set(ids.begin(), ids.end()), std::set(sorted.begin(), sorted.end()));
}

TEST_F(ImporterTest, RetailrocketTakesPricesFromAFile) {
    const auto data =
        file("r.csv",
             "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,addtocart,355908,\n"
             "1433224214164,992329,transaction,248676,17\n");
    const auto without = import(data, {.format = ImportFormat::retailrocket});
    EXPECT_EQ(without.report.without_price, 2);
    const auto with = import(data, {.format = ImportFormat::retailrocket,
                                    .price_file = file("p.csv", "product_id,price\n248676,9.99\n")});
    EXPECT_EQ(with.report.without_price, 1);
    const auto event = boost::json::parse(with.values[1]);
    EXPECT_EQ(event.at("event_type"), "purchase");
    EXPECT_EQ(event.at("order_id"), "17");
    EXPECT_EQ(event.at("price"), 9.99);
    EXPECT_EQ(event.at("timestamp"), "2015-06-02T05:50:14.164Z");
}

TEST_F(ImporterTest, AWrongHeaderIsRefusedWithTheColumns) {
    try {
        import(file("x.csv", "a,b,c\n1,2,3\n"), {.format = ImportFormat::rees46});
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("user_session"));
    }
}

}  // namespace
}  // namespace millrace::produce
