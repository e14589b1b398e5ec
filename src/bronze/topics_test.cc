#include "bronze/topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "bronze/test_segment_log.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TopicsTest : public TestWithSegmentLog {};

TEST_F(TopicsTest, ADeletedTopicCannotBeWrittenAndItsNumberingContinues) {
    const auto log = open();
    append(*log, {"a", "b"});
    TopicCatalog catalog(directory_);
    const int epoch = log->epoch();
    catalog.remove("events");
    EXPECT_THROW(append(*log, {"c"}), Error);
    EXPECT_FALSE(catalog.find("events"));
    const auto recreated = open();
    EXPECT_NE(recreated->epoch(), epoch);
    EXPECT_EQ(recreated->offsets(0).end, Offset(0));
    EXPECT_EQ(recreated->records_numbered(), 2);
}

TEST_F(TopicsTest, ATopicIsCreatedAfterAKillBetweenTheFilesOfItsCreation) {
    TopicCatalog catalog(directory_);
    append(*open(), {"a"});
    catalog.remove("events");
    for (const int partitions : {1, 3}) {
        // The first file that a creation writes. The second file does not exist.
        HighWatermarks::create(published(), {.epoch = 12345, .partitions = partitions});
        const auto log = open();
        EXPECT_EQ(append(*log, {"b"}), Offset(0));
        EXPECT_THAT(read_all(*log), testing::ElementsAre("b"));
        catalog.remove("events");
    }
    for (const std::size_t bytes : {0U, 10U, 100U}) {
        std::ofstream(published(), std::ios::binary) << std::string(bytes, 'x');
        EXPECT_EQ(append(*open(), {"c"}), Offset(0));
        catalog.remove("events");
    }
}

TEST_F(TopicsTest, ACreationMarksTheOldTopicAsDeletedForOpenLogs) {
    const auto log = open();
    append(*log, {"a"});
    // Simulates a kill during a deletion, followed by a creation: neither the settings nor this file were
    // replaced.
    const fs::path settings = directory_ / "topics" / "events.json";
    std::string text = base::read_file(settings);
    const std::string live = "\"deleted\":false";
    text.replace(text.find(live), live.size(), "\"deleted\":true");
    std::ofstream(settings, std::ios::binary) << text;
    EXPECT_EQ(append(*open(), {"b"}), Offset(0));
    EXPECT_THROW(append(*log, {"c"}), Error);
}

TEST_F(TopicsTest, ATopicWhosePublishedFileWasLostCanBeDeleted) {
    append(*open(), {"a"});
    fs::remove(published());
    TopicCatalog(directory_).remove("events");
    EXPECT_FALSE(TopicCatalog(directory_).find("events"));
}

TEST_F(TopicsTest, BadTopicNamesAreRefused) {
    for (const char* name : {"", "..", "a/b", "a b", "\xC3\xA4"}) {
        settings_.name = name;
        EXPECT_THROW(open(), Error) << name;
    }
}

TEST_F(TopicsTest, ANameHas1To200CharactersThatEveryFileSystemTakes) {
    TopicCatalog catalog(directory_);
    for (const std::string& name : {std::string(200, 'x'), std::string("a.B_3-c"), std::string("...")}) {
        settings_.name = name;
        EXPECT_NO_THROW(catalog.create(settings_)) << name;
        EXPECT_TRUE(catalog.find(name)) << name;
    }
    for (const std::string& name : {std::string(201, 'x'), std::string("."), std::string("a:b")}) {
        settings_.name = name;
        EXPECT_THROW(catalog.create(settings_), Error) << name;
    }
}

TEST_F(TopicsTest, ATopicHas1To1024Partitions) {
    TopicCatalog catalog(directory_);
    for (const int partitions : {-1, 0, 1025}) {
        settings_.partitions = partitions;
        try {
            catalog.create(settings_);
            ADD_FAILURE() << partitions << " partitions were made";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            EXPECT_THAT(error.what(), HasSubstr("1 to 1024"));
        }
        EXPECT_FALSE(catalog.find("events"));
    }
}

TEST_F(TopicsTest, TheSettingsOfATopicAreKept) {
    settings_.partitions = 2;
    settings_.segments = {.segment_bytes = 12'345,
                          .segment_age = std::chrono::minutes(7),
                          .retention = std::chrono::hours(9),
                          .retention_bytes = 5'000'000'000,
                          .compression = Compression::zstd};
    const auto created = TopicCatalog(directory_).create(settings_);
    EXPECT_GE(created.epoch, 1);
    const auto found = TopicCatalog(directory_).find("events");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->epoch, created.epoch);
    EXPECT_EQ(found->partitions, 2);
    EXPECT_EQ(found->segments.segment_bytes, 12'345);
    EXPECT_EQ(found->segments.segment_age, std::chrono::minutes(7));
    EXPECT_EQ(found->segments.retention, std::chrono::hours(9));
    EXPECT_EQ(found->segments.retention_bytes, 5'000'000'000);
    EXPECT_EQ(found->segments.compression, Compression::zstd);
}

TEST_F(TopicsTest, AnExistingTopicIsFoundButNotCreatedAgain) {
    TopicCatalog catalog(directory_);
    const auto created = catalog.create(settings_);
    settings_.partitions = 5;
    EXPECT_THROW(catalog.create(settings_), Error);
    const auto found = catalog.find_or_create(settings_);
    EXPECT_EQ(found.epoch, created.epoch);
    EXPECT_EQ(found.partitions, 1);
}

TEST_F(TopicsTest, TheListHasNamesThatBeginWithADot) {
    TopicSettings settings;
    settings.name = ".hidden";
    TopicCatalog topics(directory_);
    topics.create(settings);
    ASSERT_EQ(topics.list().size(), 1U);
    EXPECT_EQ(topics.list()[0].name, ".hidden");
}

TEST_F(TopicsTest, TheListIsInOrderAndWithoutDeletedTopics) {
    TopicCatalog catalog(directory_);
    EXPECT_TRUE(catalog.list().empty());
    for (const char* name : {"b", "gone", "a"}) {
        settings_.name = name;
        catalog.create(settings_);
    }
    catalog.remove("gone");
    const auto topics = catalog.list();
    ASSERT_EQ(topics.size(), 2U);
    EXPECT_EQ(topics[0].name, "a");
    EXPECT_EQ(topics[1].name, "b");
}

TEST_F(TopicsTest, ATopicThatIsNotThereCannotBeDeleted) {
    try {
        TopicCatalog(directory_).remove("events");
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Error::Kind::usage);
        EXPECT_THAT(error.what(), HasSubstr("does not exist"));
    }
}

TEST_F(TopicsTest, TheOffsetsOfATopicThatWasReplacedAreNotOpened) {
    TopicCatalog catalog(directory_);
    const auto old = catalog.create(settings_);
    catalog.remove("events");
    EXPECT_THROW(static_cast<void>(catalog.open_published(old)), Error);
    const auto replacement = catalog.create(settings_);
    EXPECT_THROW(static_cast<void>(catalog.open_published(old)), Error);
    EXPECT_EQ(catalog.open_published(replacement)->end(0), Offset(0));
}

TEST_F(TopicsTest, SettingsThatThisProgramCannotReadAreAnErrorThatNamesTheFile) {
    TopicCatalog catalog(directory_);
    catalog.create(settings_);
    const fs::path settings = directory_ / "topics" / "events.json";
    for (const char* text : {R"({"format": 2, "topic": "events"})", "[]", "{", ""}) {
        std::ofstream(settings, std::ios::binary) << text;
        try {
            static_cast<void>(catalog.find("events"));
            ADD_FAILURE() << "it was read: " << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr(settings.string())) << text;
        }
    }
}

}  // namespace
}  // namespace millrace::bronze
