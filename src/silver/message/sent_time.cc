#include "silver/message/sent_time.h"

#include <chrono>

#include "silver/sent_number.h"

namespace millrace::silver {

namespace {

using model::Timestamp;

/// Returns the value of two digits, or 100 or more.
unsigned two_digits(const char* from) {
    const auto tens = static_cast<unsigned char>(from[0] - '0');
    const auto ones = static_cast<unsigned char>(from[1] - '0');
    return tens > 9 || ones > 9 ? 100U : tens * 10U + ones;
}

/// Reads `YYYY-MM-DDTHH:MM:SS.mmmZ`, which JavaScript writes. Returns nullopt for other forms.
std::optional<Timestamp> read_javascript_time(std::string_view text) {
    constexpr std::string_view form = "YYYY-MM-DDTHH:MM:SS.mmmZ";
    if (text.size() != form.size()) return std::nullopt;
    const char* const at = text.data();
    for (const std::size_t mark : {4U, 7U, 10U, 13U, 16U, 19U, 23U}) {
        if (at[mark] != form[mark]) return std::nullopt;
    }
    const unsigned century = two_digits(at);
    const unsigned year = two_digits(at + 2);
    const unsigned month = two_digits(at + 5);
    const unsigned day = two_digits(at + 8);
    const unsigned hour = two_digits(at + 11);
    const unsigned minute = two_digits(at + 14);
    const unsigned second = two_digits(at + 17);
    const unsigned hundredths = two_digits(at + 20);
    const auto thousandth = static_cast<unsigned char>(at[22] - '0');
    if (century > 99 || year > 99 || hour > 23 || minute > 59 || second > 59 || hundredths > 99 ||
        thousandth > 9)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(century * 100 + year)),
                                           std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + std::chrono::milliseconds(hundredths * 10 + thousandth);
}

/// Reads a number since 1970. A number of milliseconds below 10^11 would be before March 1973, and a number
/// of seconds above it in the year 5138; the same holds a thousand times higher.
std::optional<Timestamp> read_epoch_time(std::string_view text) {
    constexpr double first_ms = 1e11;
    constexpr double first_us = 1e14;
    constexpr double first_ns = 1e17;
    constexpr double beyond = 1e20;
    const auto number = SentNumber::of_json(text);
    if (!number || number->to_double() < 0 || number->to_double() >= beyond) return std::nullopt;
    const int exponent = number->to_double() < first_ms   ? 6
                         : number->to_double() < first_us ? 3
                         : number->to_double() < first_ns ? 0
                                                          : -3;
    const auto us = number->scaled(exponent);
    return us ? std::optional(model::from_us(*us)) : std::nullopt;
}

}  // namespace

std::optional<Timestamp> read_sent_time(std::string_view text) {
    if (const auto time = read_javascript_time(text)) return time;
    if (const auto time = model::parse_timestamp(text)) return time;
    return read_epoch_time(text);
}

}  // namespace millrace::silver
