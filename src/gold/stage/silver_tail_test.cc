#include "gold/stage/silver_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "gold/stage/test_silver.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class SilverTailTest : public testing::Test {
  protected:
    ~SilverTailTest() override { fs::remove_all(data_.root()); }

    /// The users of the rows, in order.
    VisitRows append_to(std::vector<std::string>& users) {
        return [&](const Events& events, model::Timestamp) {
            for (const Event& event : events.rows)
                users.emplace_back(strings_.value(Field::user, event.user));
        };
    }
    /// Reads the next commit, whose files must exist, and moves to it.
    std::vector<std::string> read_next(SilverTail& tail) {
        std::vector<std::string> users;
        const auto commit = tail.next_commit();
        if (!commit) return users;
        EXPECT_TRUE(tail.read_rows(*commit, strings_, append_to(users)));
        tail.advance();
        return users;
    }
    [[nodiscard]] static GoldPosition position(const SilverTail& tail, storage::Version version) {
        return {.silver_id = tail.snapshot().metadata.id, .silver_version = version, .settings = {}};
    }
    /// Removes the commits up to version 2 from the log, which has a checkpoint then.
    void clean_up_log() {
        silver_.table().checkpoint();
        for (int version = 0; version <= 2; ++version) fs::remove(silver_.log_file(version));
    }

    const catalog::DataDirectory data_{fs::temp_directory_path() /
                                       ("millrace_silver_tail_test_" + std::to_string(::getpid()))};
    base::WorkerPool pool_{1};
    Strings strings_;
    TestSilver silver_{data_};
};

TEST_F(SilverTailTest, CommitsAreReadInVersionOrder) {
    SilverTail tail(data_, pool_, nullptr);
    EXPECT_EQ(tail.version(), storage::no_version);
    tail.continue_from(storage::Version(0));
    EXPECT_FALSE(tail.next_commit());
    silver_.commit({{"a", noon}, {"b", noon + minute}});
    silver_.commit({{"c", noon + hour}});
    EXPECT_THAT(read_next(tail), ElementsAre("a", "b"));
    EXPECT_THAT(read_next(tail), ElementsAre("c"));
    EXPECT_EQ(tail.version(), storage::Version(2));
    EXPECT_FALSE(tail.next_commit());
}

TEST_F(SilverTailTest, RowsInTheQueueAreReadInsteadOfTheFiles) {
    silver::CommitQueue queue;
    queue.open();
    SilverTail tail(data_, pool_, &queue);
    tail.continue_from(storage::Version(0));
    silver_.commit({{"from the file", noon}});
    silver_.commit({{"not queued", noon}});
    silver::CommitQueue::Columns columns;
    columns.push_back(std::make_unique<silver::EventColumns>());
    fill_columns(*columns.front(), {{"from the queue", noon}});
    queue.push(storage::Version(1), columns);
    EXPECT_THAT(read_next(tail), ElementsAre("from the queue"));
    EXPECT_EQ(queue.recycled().size(), 1U);
    EXPECT_THAT(read_next(tail), ElementsAre("not queued"));
}

TEST_F(SilverTailTest, ACommitWithAMissingFileShowsNoRows) {
    SilverTail tail(data_, pool_, nullptr);
    tail.continue_from(storage::Version(0));
    silver_.commit({{"a", noon}});
    const auto commit = tail.next_commit();
    ASSERT_TRUE(commit);
    fs::remove(silver_.table().root() / commit->adds.front().path);
    std::vector<std::string> users;
    EXPECT_FALSE(tail.read_rows(*commit, strings_, append_to(users)));
    EXPECT_THAT(users, IsEmpty());
}

TEST_F(SilverTailTest, AFileThatOnlyJoinsRowsIsNotRead) {
    SilverTail tail(data_, pool_, nullptr);
    tail.continue_from(storage::Version(0));
    silver_.commit({{"a", noon}});
    auto commit = tail.next_commit();
    ASSERT_TRUE(commit);
    commit->adds.front().data_change = false;
    std::vector<std::string> users;
    EXPECT_TRUE(tail.read_rows(*commit, strings_, append_to(users)));
    EXPECT_THAT(users, IsEmpty());
}

TEST_F(SilverTailTest, AStateCanContinueInItsOwnTableOnly) {
    silver_.commit({{"a", noon}});
    const SilverTail tail(data_, pool_, nullptr);
    EXPECT_TRUE(tail.can_continue_from(position(tail, storage::Version(0))));
    EXPECT_TRUE(tail.can_continue_from(position(tail, storage::Version(1))));
    EXPECT_FALSE(tail.can_continue_from(position(tail, storage::Version(2))))
        << "the table has no such version";
    GoldPosition other = position(tail, storage::Version(1));
    other.silver_id = "another table";
    EXPECT_FALSE(tail.can_continue_from(other));
}

TEST_F(SilverTailTest, AStateCannotContinueWithoutTheNextCommit) {
    silver_.commit({{"a", noon}});
    silver_.commit({{"b", noon}});
    clean_up_log();
    const SilverTail tail(data_, pool_, nullptr);
    EXPECT_FALSE(tail.can_continue_from(position(tail, storage::Version(1))));
    EXPECT_TRUE(tail.can_continue_from(position(tail, storage::Version(2))));
}

TEST_F(SilverTailTest, AStateCannotContinueWithACommitWhoseFilesVacuumMayHaveRemoved) {
    silver_.commit({{"a", noon}});
    const base::WallTime week_ago = base::wall_time() - max_wait_for_gold - std::chrono::milliseconds(1);
    const std::string log = base::read_file(silver_.log_file(1));
    base::replace_file(silver_.log_file(1),
                       std::regex_replace(log, std::regex(R"("timestamp":\d+)"),
                                          "\"timestamp\":" + std::to_string(base::to_ms(week_ago))));
    const SilverTail tail(data_, pool_, nullptr);
    EXPECT_FALSE(tail.can_continue_from(position(tail, storage::Version(0))));
    EXPECT_TRUE(tail.can_continue_from(position(tail, storage::Version(1))));
}

TEST_F(SilverTailTest, ACommitThatIsGoneIsAGapUntilTheTableIsReopened) {
    SilverTail tail(data_, pool_, nullptr);
    tail.continue_from(storage::Version(0));
    EXPECT_FALSE(tail.find_gap()) << "there is no next commit yet";
    silver_.commit({{"a", noon}});
    silver_.commit({{"b", noon}});
    EXPECT_FALSE(tail.find_gap());
    clean_up_log();
    EXPECT_TRUE(tail.find_gap());
    tail.reopen();
    EXPECT_FALSE(tail.find_gap());
    EXPECT_EQ(tail.version(), storage::Version(2));
}

TEST_F(SilverTailTest, ATableInThePlaceOfAnotherIsAGapUntilItIsReopened) {
    SilverTail tail(data_, pool_, nullptr);
    tail.continue_from(storage::Version(0));
    fs::remove_all(data_.silver());
    TestSilver other(data_);
    EXPECT_TRUE(tail.find_gap());
    tail.reopen();
    EXPECT_FALSE(tail.find_gap());
    other.commit({{"a", noon}});
    EXPECT_THAT(read_next(tail), ElementsAre("a"));
}

TEST_F(SilverTailTest, FilesAreGroupedByDay) {
    silver_.commit({{"second day", noon + std::chrono::days(1)}});
    silver_.commit({{"first day", noon}});
    silver_.commit({{"first day, later", noon + hour}});
    const SilverTail tail(data_, pool_, nullptr);
    std::vector<std::string> users;
    std::vector<std::size_t> files_per_day;
    for (const auto& [day, files] : tail.files_by_day()) {
        files_per_day.push_back(files.size());
        tail.read_files(files, strings_, append_to(users));
    }
    EXPECT_THAT(files_per_day, ElementsAre(2U, 1U));
    EXPECT_THAT(users, ElementsAre("first day", "first day, later", "second day"));
}

}  // namespace
}  // namespace millrace::gold
