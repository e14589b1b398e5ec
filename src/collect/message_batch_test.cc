#include "collect/message_batch.h"

#include <gtest/gtest.h>

#include "collect/bad_body.h"

namespace millrace::collect {
namespace {

TEST(MessageBatch, WhatStandsBesideTheMessagesIsSharedExceptForTheSendersKey) {
    const auto batch = open_batch(
        "\xEF\xBB\xBF { \"batch\" : [{\"a\":NaN}, {\"b\":\"]\"}] ,\"writeKey\":\"w\" ,\"sentAt\": 1,"
        "\"context\":{\"batch\":[]} } ",
        "batch");
    EXPECT_EQ(batch.messages, R"([{"a":NaN}, {"b":"]"}])");
    EXPECT_EQ(batch.shared, R"({"sentAt": 1,"context":{"batch":[]}})");
    EXPECT_EQ(batch.write_key, "w");
}

TEST(MessageBatch, AnArrayHasNothingBesideItsMessages) {
    const auto batch = open_batch(" [{}]", "batch");
    EXPECT_EQ(batch.messages, "[{}]");
    EXPECT_EQ(batch.shared, "");
}

TEST(MessageBatch, ABodyWithoutOneArrayOfMessagesIsRefused) {
    for (const char* body : {"", "{", "{}", "x", "\"batch\"", R"({"batch":{}})",
                             R"({"batch":[]})"
                             "x",
                             R"({"batch":[],"batch":[]})", R"({"batch":[])", R"({"batch" [])",
                             R"({"batch":[] "a":1})", R"({"other":[]})", R"({"batch":)", R"({batch:[]})"})
        EXPECT_THROW(open_batch(body, "batch"), BadBody) << body;
}

TEST(MessageBatch, FindsATextMemberOfAnyBody) {
    EXPECT_EQ(text_member(R"({"a":1,"writeKey":"w"})", "writeKey"), "w");
    EXPECT_EQ(text_member(R"({"a":{"writeKey":"w"}})", "writeKey"), "");
    EXPECT_EQ(text_member(R"({"writeKey":5})", "writeKey"), "");
    EXPECT_EQ(text_member(R"([1])", "writeKey"), "");
    EXPECT_EQ(text_member("", "writeKey"), "");
}

}  // namespace
}  // namespace millrace::collect
