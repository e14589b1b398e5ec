#include "produce/message_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "produce/test_files.h"

namespace millrace::produce {
namespace {

using testing::ElementsAre;

class MessageReaderTest : public FilesTest {
  protected:
    std::vector<std::string> read(const std::string& content, FileFormat format = FileFormat::events) {
        MessageReader reader(file("messages", content), format);
        std::vector<std::string> messages;
        for (std::string_view message; reader.next(message);) messages.emplace_back(message);
        return messages;
    }
};

TEST_F(MessageReaderTest, LinesAreMessagesAlsoWhereOneIsDamaged) {
    EXPECT_THAT(read("\xEF\xBB\xBF{\"a\":1}\n\n{\"b\":\n{\"c\":3}"),
                ElementsAre("{\"a\":1}", "{\"b\":", "{\"c\":3}"));
    EXPECT_THAT(read("{\"a\":\n{\"b\":2}\n"), ElementsAre("{\"a\":", "{\"b\":2}"));
    EXPECT_THAT(read(""), ElementsAre());
}

TEST_F(MessageReaderTest, AnArrayHasMessagesOnOneLineOrMany) {
    EXPECT_THAT(read("[{\"a\":1},{\"b\":[{}]}, {\"c\":\"}\"}]"),
                ElementsAre("{\"a\":1}", "{\"b\":[{}]}", "{\"c\":\"}\"}"));
    EXPECT_THAT(read("[\n  {\n    \"a\": \"\\\"}\"\n  },\n  {\n    \"b\": 2\n  }\n]\n"),
                ElementsAre("{\n    \"a\": \"\\\"}\"\n  }", "{\n    \"b\": 2\n  }"));
    EXPECT_THAT(read("[]"), ElementsAre());
}

TEST_F(MessageReaderTest, ObjectsOfSeveralLinesFollowEachOther) {
    EXPECT_THAT(read("{\n \"a\": 1\n}\n{\n \"b\": 2\n}\n"),
                ElementsAre("{\n \"a\": 1\n}", "{\n \"b\": 2\n}"));
}

TEST_F(MessageReaderTest, AValueWithoutAnEndIsAMessage) {
    EXPECT_THAT(read("[{\"a\":1},\n{\"b\":"), ElementsAre("{\"a\":1}", "{\"b\":\n"));
}

TEST_F(MessageReaderTest, ManyValuesOnOneLineAreReadInTimeProportionalToTheFile) {
    std::string content = "[";
    for (int i = 0; i < 300'000; ++i)
        content += std::string(i > 0 ? "," : "") + "{\"number\":" + std::to_string(i) + "}";
    EXPECT_EQ(read(content + "]").size(), 300'000U);
}

TEST_F(MessageReaderTest, ACsvFileHasAHeader) {
    EXPECT_THAT(read("event_time,event_type,product_id,price,user_id\n1,2,3,4,5\n", FileFormat::rees46),
                ElementsAre("1,2,3,4,5"));
    EXPECT_THROW(read("a,b\n1,2\n", FileFormat::rees46), Error);
}

}  // namespace
}  // namespace millrace::produce
