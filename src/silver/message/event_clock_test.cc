#include "silver/message/event_clock.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

constexpr model::Timestamp event_time = model::from_us(1'714'564'800'000'000);

model::Event timed(const ClockReadings& clock) {
    model::Event event;
    set_times(clock, event);
    return event;
}

TEST(EventClock, AWrongClockIsCorrected) {
    const auto late = event_time + std::chrono::hours(1);
    const auto event = timed({.timestamp = event_time,
                              .sent = event_time + std::chrono::microseconds(5),
                              .received = late + std::chrono::microseconds(5)});
    EXPECT_EQ(event.timestamp, late);
    EXPECT_EQ(event.details.device_timestamp, event_time);
    EXPECT_EQ(event.details.received_at, late + std::chrono::microseconds(5));
    EXPECT_EQ(timed({.timestamp = late, .sent = late, .received = event_time}).timestamp, event_time);
}

TEST(EventClock, ADifferenceOfAMinuteIsTheNetworks) {
    const auto event = timed(
        {.timestamp = event_time, .sent = event_time, .received = event_time + std::chrono::minutes(1)});
    EXPECT_EQ(event.timestamp, event_time);
    EXPECT_FALSE(event.details.device_timestamp);
}

TEST(EventClock, ATimeThatWasCorrectedStays) {
    const auto event = timed({.timestamp = event_time,
                              .is_device_clock = false,
                              .original = event_time - std::chrono::microseconds(7),
                              .sent = event_time,
                              .received = event_time + std::chrono::days(1)});
    EXPECT_EQ(event.timestamp, event_time);
    EXPECT_EQ(event.details.device_timestamp, event_time - std::chrono::microseconds(7));
}

TEST(EventClock, AnEventWithoutATimeHappensWhenItArrives) {
    EXPECT_EQ(timed({.received = event_time}).timestamp, event_time);
    EXPECT_EQ(timed({.received = event_time, .logged = event_time + std::chrono::microseconds(9)}).timestamp,
              event_time);
    EXPECT_EQ(timed({.logged = event_time}).timestamp, event_time);
    EXPECT_FALSE(timed({.timestamp = event_time}).has_details);
}

}  // namespace
}  // namespace millrace::silver
