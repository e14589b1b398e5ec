#include "archive/archived_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/test_archive.h"
#include "base/error.h"

namespace millrace::archive {
namespace {

using bronze::Offset;
using testing::ElementsAre;
using testing::HasSubstr;

class ArchivedLogTest : public TestWithArchive {
  protected:
    /// Returns the values from an offset on, which must have each offset once.
    static std::vector<std::string> read_all(const bronze::EventLog& log, Offset from) {
        std::vector<std::string> values;
        const auto reader = log.read(0, from);
        for (auto records = reader->poll(100); !records.empty(); records = reader->poll(100)) {
            for (const bronze::Record& record : records) {
                EXPECT_EQ(record.offset, from++);
                values.emplace_back(record.value);
            }
            EXPECT_EQ(reader->next_offset(), from);
        }
        return values;
    }
    /// Returns the message of the Error that opening the log with its archive throws.
    [[nodiscard]] std::string open_error() const {
        try {
            const ArchivedLog opened(*log_, data_.archive());
            return "nothing was thrown";
        } catch (const Error& error) {
            return error.what();
        }
    }
};

TEST_F(ArchivedLogTest, RecordsThatTheLogRemovedAreReadFromTheArchiveAndTheRestFromTheLog) {
    append({"a", "b", "c"});
    archive();
    append({"d", "e"});
    remove_before(Offset(2));
    const ArchivedLog whole(*log_, data_.archive());
    EXPECT_EQ(whole.offsets(0).start, Offset(0));
    EXPECT_EQ(whole.offsets(0).end, Offset(5));
    EXPECT_THAT(read_all(whole, Offset(0)), ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(read_all(whole, Offset(1)), ElementsAre("b", "c", "d", "e"));
    EXPECT_THAT(read_all(whole, Offset(4)), ElementsAre("e"));
    EXPECT_THAT(read_all(whole, Offset(5)), ElementsAre());
    EXPECT_THROW(static_cast<void>(whole.read(0, Offset(6))), bronze::NoSuchOffset);
}

TEST_F(ArchivedLogTest, TheFilesOfSeveralBatchesAreReadInTheOrderOfTheirOffsets) {
    std::vector<std::string> values;
    for (int i = 0; i < 12; ++i) {
        values.push_back(std::to_string(i));
        append({values.back()});
        archive();  // the names of the files are random
    }
    remove_before(Offset(11));
    const ArchivedLog whole(*log_, data_.archive());
    EXPECT_EQ(read_all(whole, Offset(0)), values);
    EXPECT_THAT(read_all(whole, Offset(9)), ElementsAre("9", "10", "11"));
}

TEST_F(ArchivedLogTest, ARecordComesBackAsItWas) {
    bronze::RecordBatchBuilder batch;
    batch.add({}, "", base::from_ms(1'234'567), {{.key = "source", .value = "web"}, {.key = "none"}});
    log_->append(0, batch);
    append({"next"});
    archive();
    remove_before(Offset(1));
    const ArchivedLog whole(*log_, data_.archive());
    const auto reader = whole.read(0, Offset(0));
    const auto records = reader->poll(1);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].timestamp, base::from_ms(1'234'567));
    EXPECT_EQ(records[0].key.data(), nullptr) << "no key became an empty one";
    EXPECT_EQ(records[0].value, "");
    EXPECT_NE(records[0].value.data(), nullptr) << "an empty value became none";
    const auto headers = bronze::decode_headers(records[0]);
    ASSERT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers[0].key, "source");
    EXPECT_EQ(headers[0].value, "web");
    EXPECT_EQ(headers[1].value.data(), nullptr);
}

TEST_F(ArchivedLogTest, RecordsBetweenTheArchiveAndTheLogMustNotBeMissing) {
    append({"a", "b"});
    archive();
    append({"c", "d", "e"});
    remove_before(Offset(2));
    EXPECT_EQ(open_error(), "nothing was thrown") << "the log continues right after the archive";
    remove_before(Offset(4));
    EXPECT_THAT(open_error(), HasSubstr("the archive ends at offset 2, and the log begins at 4"));
}

TEST_F(ArchivedLogTest, TheLogMustBeTheOneThatWasArchived) {
    append({"a", "b", "c"});
    archive();
    remove_from(Offset(2));
    EXPECT_THAT(open_error(), HasSubstr("the log ends at offset 2"));
    append({"another"});
    EXPECT_THAT(open_error(), HasSubstr("is not the one that was archived"));
}

TEST_F(ArchivedLogTest, AnEarlierTopicOfTheSameNameIsLeftOut) {
    append({"old", "old too"});
    archive();
    bronze::TopicCatalog(data_.bronze()).remove("events");
    open();
    append({"new"});
    const ArchivedLog whole(*log_, data_.archive());
    EXPECT_THAT(read_all(whole, Offset(0)), ElementsAre("new"));
}

TEST_F(ArchivedLogTest, FilesThatOverlapAreRefused) {
    append({"a"});
    archive();
    auto archived = table();
    storage::AddFile copy = archived.snapshot().files.begin()->second;
    const std::string path = "copy.parquet";
    std::filesystem::copy_file(archived.root() / copy.path, archived.root() / path);
    copy.path = path;
    storage::Commit commit;
    commit.adds.push_back(copy);
    archived.commit(std::move(commit), {});
    EXPECT_THAT(open_error(), HasSubstr("another program has rewritten it"));
}

TEST_F(ArchivedLogTest, ItCannotBeAppendedTo) {
    append({"a"});
    archive();
    ArchivedLog whole(*log_, data_.archive());
    bronze::RecordBatchBuilder batch;
    batch.add("k", "b", base::from_ms(1000));
    EXPECT_THROW(whole.append(0, batch), Error);
    EXPECT_EQ(log_->offsets(0).end, Offset(1));
}

}  // namespace
}  // namespace millrace::archive
