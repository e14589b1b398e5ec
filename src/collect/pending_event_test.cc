#include "collect/pending_event.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "model/timestamp.h"

namespace millrace::collect {
namespace {

PendingEvent complete(std::string event, std::size_t index, std::string_view idempotency_key,
                      std::string_view source = "web") {
    event.reserve(event.size() + 256);  // simdjson reads past the end of the text
    EventDefaults completer;
    std::vector<Warning> warnings;
    return completer.complete(event, index, {source, idempotency_key, base::from_ms(1'700'000'000'123)},
                              warnings);
}

std::string field(const PendingEvent& pending, const char* name) {
    return std::string(base::parse_json(pending.value, "test").at(name).as_string());
}

TEST(EventDefaults, AnEventThatLacksNothingStaysAsItIs) {
    const std::string event = R"({"event_id":"e1" , "timestamp":"2024-01-01T00:00:00Z","user_id":"u1"})";
    const auto pending = complete(event, 0, "");
    EXPECT_EQ(pending.value, event);
    EXPECT_TRUE(pending.has_key);
    EXPECT_EQ(pending.key, "u1");
}

TEST(EventDefaults, AnIdDependsOnKeyAndIndexSoThatARetryIsADuplicate) {
    const auto first = complete(R"({"user_id":"u1"})", 3, "order-17");
    EXPECT_EQ(first.value, complete(R"({"user_id":"u1"})", 3, "order-17").value);
    EXPECT_NE(field(first, "event_id"), field(complete(R"({"user_id":"u1"})", 4, "order-17"), "event_id"));
    EXPECT_NE(field(first, "event_id"), field(complete(R"({"user_id":"u1"})", 3, "order-18"), "event_id"));
    EXPECT_NE(field(first, "event_id"),
              field(complete(R"({"user_id":"u1"})", 3, "order-17", "app"), "event_id"));
}

TEST(EventDefaults, AnotherEventUnderAGuessedKeyHasAnotherId) {
    EXPECT_NE(field(complete(R"({"user_id":"u1"})", 0, "visit-17"), "event_id"),
              field(complete(R"({"user_id":"u2"})", 0, "visit-17"), "event_id"));
}

TEST(EventDefaults, WarnsOfNamesAndTypesThatOnlyResembleKnownOnes) {
    std::string event = R"({"event_type":"viewed","productId":"p1","Price":1,"price":2,"colour":"red"})";
    event.reserve(event.size() + 256);
    std::vector<Warning> warnings;
    EventDefaults().complete(event, 7, {}, warnings);
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_EQ(warnings[0].field, "productId");
    EXPECT_EQ(warnings[0].index, 7U);
    EXPECT_EQ(warnings[1].field, "event_type");
    for (int i = 0; i < 1000; ++i) EventDefaults().complete(event, 8, {}, warnings);
    EXPECT_EQ(warnings.size(), EventDefaults::max_warnings);
}

TEST(EventDefaults, AnIdIsRandomWithoutAnIdempotencyKey) {
    EXPECT_NE(field(complete("{}", 0, ""), "event_id"), field(complete("{}", 0, ""), "event_id"));
}

TEST(EventDefaults, AMissingTimestampIsTheArrivals) {
    const auto pending = complete(R"({"event_id":"e1","user_id":"ü"})", 0, "");
    EXPECT_EQ(field(pending, "timestamp"), model::format_timestamp(model::from_us(1'700'000'000'123'000)));
    EXPECT_EQ(field(pending, "event_id"), "e1");
    EXPECT_EQ(pending.key, "ü");
}

TEST(EventDefaults, AnEscapedUserIdIsTheSameKeyAsAPlainOne) {
    EXPECT_EQ(complete(R"({"user_id":"\u0075\u0031"})", 0, "").key, "u1");
}

TEST(EventDefaults, AValueWithoutAUserOrNotAnObjectStillBecomesARecord) {
    for (const char* event : {"5", "\"text\"", "[1,2]", "null", R"({"user_id":7})"}) {
        const auto pending = complete(event, 0, "");
        EXPECT_FALSE(pending.has_key) << event;
        EXPECT_FALSE(pending.value.empty()) << event;
    }
    EXPECT_EQ(complete("5", 0, "").value, "5");
}

}  // namespace
}  // namespace millrace::collect
