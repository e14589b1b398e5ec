#include "api/incoming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "bronze/segment_log.h"
#include "catalog/partition_progress.h"
#include "silver/silver_table.h"
#include "storage/delta_table.h"

namespace millrace::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A log of one partition, of which Silver has processed the first records.
class IncomingTest : public testing::Test {
  protected:
    ~IncomingTest() override { fs::remove_all(data_.root()); }

    void append(const std::string& message) {
        bronze::RecordBatchBuilder batch;
        batch.add("u", message, base::wall_time());
        log_->append(0, batch);
    }
    /// Commits to Silver that the first `records` are processed.
    void process(std::int64_t records) {
        auto table = storage::DeltaTable::open_or_create(data_.silver(), *silver::silver_schema(),
                                                         silver::silver_partition_columns());
        const auto identity = catalog::identify(table.snapshot(), *log_);
        catalog::PartitionProgress progress;
        progress.pass_to(bronze::Offset(records), records);
        storage::Commit commit;
        catalog::append_progress(commit.txns, identity, 0, progress);
        table.commit(std::move(commit), [](const storage::Commit&) { return true; });
    }
    base::json::array rows(const std::string& limit = "100") {
        Incoming incoming(data_, *log_, {}, [&](const std::string& query, std::int64_t) {
            query_ = query;
            return found_;
        });
        const auto made = base::parse_json(incoming.make({{"limit", limit}}), "the report");
        return made.at("rows").as_array();
    }
    static std::string became(const base::json::value& row) {
        return base::string_member(row.at("items").at(0).as_object(), "became");
    }

    const catalog::DataDirectory data_{fs::path(testing::TempDir()) /
                                       ("millrace_incoming_test_" + std::to_string(::getpid()))};
    std::unique_ptr<bronze::SegmentLog> log_ =
        bronze::SegmentLog::open_or_create(data_.bronze(), {.name = "events", .partitions = 1});
    serve::SqlRows found_;
    std::string query_;
};

const std::string known_event =
    R"({"user_id":"u","event_type":"view","timestamp":"2026-01-01T00:00:00Z","product_id":"p","price":1})";

TEST_F(IncomingTest, TellsWhatBecameOfEachMessage) {
    append(known_event);
    append(known_event);
    append(R"({"user_id":"u"})");
    append(R"({"type":"identify","userId":"u","messageId":"m"})");
    process(4);
    append(known_event);
    found_.rows = {R"({"became":"silver","partition":0,"offset":0,"record_index":0})"};
    const auto shown = rows();
    ASSERT_EQ(shown.size(), 5U);
    EXPECT_EQ(became(shown[0]), "waiting");
    EXPECT_EQ(became(shown[1]), "ignored");
    EXPECT_EQ(shown[1].at("format"), "segment");
    EXPECT_EQ(became(shown[2]), "quarantined");
    EXPECT_EQ(shown[2].at("items").at(0).at("rule"), "missing_field");
    EXPECT_EQ(became(shown[3]), "duplicate");
    EXPECT_EQ(became(shown[4]), "silver");
    EXPECT_EQ(shown[4].at("value").as_string(), known_event);
}

TEST_F(IncomingTest, ARowOfTheQuarantineSaysWhy) {
    append(known_event);
    process(1);
    found_.rows = {R"({"became":"quarantined","partition":0,"offset":0,"record_index":0,)"
                   R"("rule":"too_many_event_types","field":"event_type","message":"why"})"};
    const auto item = rows().at(0).at("items").at(0);
    EXPECT_EQ(item.at("became"), "quarantined");
    EXPECT_EQ(item.at("rule"), "too_many_event_types");
    EXPECT_EQ(item.at("message"), "why");
}

TEST_F(IncomingTest, BeforeTheFirstCommitAllWaitsAndNothingIsLookedUp) {
    append(known_event);
    EXPECT_EQ(became(rows().at(0)), "waiting");
    EXPECT_EQ(query_, "");
}

TEST_F(IncomingTest, NearMissesAreToldWithTheirMessage) {
    append(R"({"user_id":"u","event_type":"viewed","productId":"p"})");
    const auto warnings = rows().at(0).at("warnings").as_array();
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_EQ(warnings[0].at("field"), "productId");
}

TEST_F(IncomingTest, ALongMessageIsCutBetweenCharactersAndABinaryOneIsNotShown) {
    append(std::string(1999, 'a') + "\xC3\xA4" + std::string(5000, 'b'));
    append("\xFF\xFE");
    const auto shown = rows();
    EXPECT_TRUE(shown[0].at("value").is_null());
    EXPECT_EQ(shown[1].at("value").as_string(), std::string(1999, 'a'));
    EXPECT_EQ(shown[1].at("bytes"), 7001);
}

TEST_F(IncomingTest, TheLatestMessagesComeFirstUpToTheLimit) {
    for (int i = 0; i < 5; ++i) append(known_event);
    const auto shown = rows("2");
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].at("offset"), 4);
    EXPECT_THAT([&] { rows("0"); }, ThrowsMessage<Error>(HasSubstr("limit, from 1 to 500")));
    EXPECT_THAT([&] { rows("many"); }, ThrowsMessage<Error>(HasSubstr("limit")));
}

}  // namespace
}  // namespace millrace::api
