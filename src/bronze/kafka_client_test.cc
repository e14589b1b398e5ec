#include "bronze/kafka_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::bronze {
namespace {

using testing::HasSubstr;

TEST(KafkaAddress, HasBrokersAndMayNameATopic) {
    const auto address = KafkaAddress::parse("kafka://a:9092,b:9093/clicks");
    EXPECT_EQ(address.brokers, "a:9092,b:9093");
    EXPECT_EQ(address.topic, "clicks");
    EXPECT_EQ(KafkaAddress::parse("kafka://a:9092").topic, "");
    EXPECT_EQ(KafkaAddress::parse("kafka://a:9092/").topic, "");
}

TEST(KafkaAddress, OtherFormsAreRefused) {
    for (const char* url : {"", "kafka://", "kafka:///clicks", "http://a:9092/clicks", "a:9092/clicks",
                            "KAFKA://a:9092/clicks", "kafka://a:9092/clicks/0"}) {
        try {
            KafkaAddress::parse(url);
            ADD_FAILURE() << "it was taken: " << url;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            EXPECT_THAT(error.what(), HasSubstr("kafka://HOST:PORT"));
        }
    }
}

TEST(KafkaFetchLimits, ThePartitionsShareWhatIsFetchedAhead) {
    const auto one = KafkaFetchLimits::for_partitions(1);
    EXPECT_EQ(one.messages, 90'000);
    EXPECT_EQ(one.kib, 48 * 1024);
    EXPECT_EQ(one.fetch_bytes, 3 * 1024 * 1024);
    const auto three = KafkaFetchLimits::for_partitions(3);
    EXPECT_EQ(three.messages, 30'000);
    EXPECT_EQ(three.kib, 16 * 1024);
    EXPECT_EQ(three.fetch_bytes, 1024 * 1024);
}

TEST(KafkaFetchLimits, EachOfManyPartitionsHasAUsefulMinimum) {
    const auto many = KafkaFetchLimits::for_partitions(1000);
    EXPECT_EQ(many.messages, 1000);
    EXPECT_EQ(many.kib, 1024);
    EXPECT_EQ(many.fetch_bytes, 64 * 1024);
    EXPECT_EQ(KafkaFetchLimits::for_partitions(0), KafkaFetchLimits::for_partitions(1));
}

TEST(AskKafka, ATransientErrorIsTriedAgain) {
    int requests = 0;
    ask_kafka({.brokers = "a:9092", .topic = "clicks", .properties = {}}, "asking", [&] {
        return ++requests < 3 ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    EXPECT_EQ(requests, 3);
}

TEST(AskKafka, AnotherErrorIsThrownAtOnceWithItsRemedy) {
    int requests = 0;
    const auto refused = [&] {
        ++requests;
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    };
    try {
        ask_kafka({.brokers = "a:9092", .topic = "clicks", .properties = {}}, "asking", refused);
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("Kafka at a:9092"));
        EXPECT_THAT(error.what(), HasSubstr("topic create"));
    }
    EXPECT_EQ(requests, 1);
}

}  // namespace
}  // namespace millrace::bronze
