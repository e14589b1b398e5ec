#include "api/event_span.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/timestamp.h"

namespace millrace::api {
namespace {

void add(storage::Snapshot& silver, const std::string& path, const std::string& day, const std::string& first,
         const std::string& last) {
    silver.files[path] = {
        .path = path,
        .partition_values = {{"event_date", day}, {"event_type", "view"}},
        .stats = fmt::format(
            R"({{"numRecords":2,"minValues":{{"event_timestamp":"{}"}},"maxValues":{{"event_timestamp":"{}"}}}})",
            first, last)};
}

TEST(EventSpan, IsFromTheFirstToTheLastEventOfAllDays) {
    storage::Snapshot silver;
    add(silver, "b", "2019-10-02", "2019-10-02T08:00:00.000Z", "2019-10-02T09:30:00.500Z");
    add(silver, "c", "2019-10-03", "2019-10-03T00:00:00.000Z", "2019-10-03T00:10:00.000Z");
    add(silver, "d", "2019-10-03", "2019-10-03T00:05:00.000Z", "2019-10-03T02:50:00.250Z");
    add(silver, "a", "2019-10-01", "2019-10-01T00:00:01.000Z", "2019-10-01T23:59:59.999Z");
    const auto span = event_span(silver);
    ASSERT_TRUE(span);
    EXPECT_EQ(span->first, model::parse_timestamp("2019-10-01T00:00:01.000Z"));
    EXPECT_EQ(model::to_wall_time(span->last),
              model::to_wall_time(*model::parse_timestamp("2019-10-03T02:50:00.250Z")));
    EXPECT_EQ(span->to_json(), (base::json::object{{"first", 1569888001000}, {"last", 1570071000250}}));
}

TEST(EventSpan, OfOneDayHasBothEndsInIt) {
    storage::Snapshot silver;
    add(silver, "a", "2019-10-01", "2019-10-01T02:00:00.000Z", "2019-10-01T03:00:00.000Z");
    add(silver, "b", "2019-10-01", "2019-10-01T01:00:00.000Z", "2019-10-01T02:00:00.000Z");
    const auto span = event_span(silver);
    ASSERT_TRUE(span);
    EXPECT_EQ(std::chrono::floor<std::chrono::milliseconds>(span->last - span->first), std::chrono::hours(2));
}

TEST(EventSpan, IsNothingForATableWithoutRowsOrStats) {
    storage::Snapshot silver;
    EXPECT_FALSE(event_span(silver));
    silver.files["a"] = {.path = "a", .partition_values = {{"event_date", "2019-10-01"}}};
    EXPECT_FALSE(event_span(silver));
}

}  // namespace
}  // namespace millrace::api
