#include "model/timestamp.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <chrono>

#include "base/units.h"

namespace millrace::model {

namespace {

/// Scans a timestamp's text. Every step returns whether it found what it expected.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    bool digits(int count, int& value) {
        if (end_ - at_ < count) return false;
        value = 0;
        for (; count > 0; --count, ++at_) {
            const auto digit = static_cast<unsigned>(*at_ - '0');
            if (digit > 9) return false;
            value = value * 10 + static_cast<int>(digit);
        }
        return true;
    }
    bool skip(char wanted) {
        if (at_ == end_ || *at_ != wanted) return false;
        ++at_;
        return true;
    }
    /// Reads digits as microseconds. Those after the sixth one are cut.
    bool fraction(int& us) {
        us = 0;
        int count = 0;
        for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_, ++count) {
            if (count < 6) us = us * 10 + (*at_ - '0');
        }
        for (int i = count; i < 6; ++i) us *= 10;
        return count >= 1;
    }
    [[nodiscard]] bool at_end() const { return at_ == end_; }

  private:
    const char* at_;
    const char* end_;
};

bool scan_date(Scanner& scanner, std::int64_t& day) {
    int year = 0;
    int month = 0;
    int month_day = 0;
    if (!scanner.digits(4, year) || !scanner.skip('-') || !scanner.digits(2, month) || !scanner.skip('-') ||
        !scanner.digits(2, month_day)) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(month_day))};
    day = std::chrono::sys_days(date).time_since_epoch().count();
    return date.ok();
}

bool scan_time(Scanner& scanner, base::Duration& time) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    int fraction = 0;
    if (!scanner.digits(2, hour) || !scanner.skip(':') || !scanner.digits(2, minute)) return false;
    if (scanner.skip(':')) {
        if (!scanner.digits(2, second)) return false;
        if (scanner.skip('.') && !scanner.fraction(fraction)) return false;
    }
    if (second == 60) fraction = 0;  // A leap second is the first moment of the next minute.
    time = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
           std::chrono::microseconds(fraction);
    return hour < 24 && minute < 60 && second <= 60;
}

bool scan_offset(Scanner& scanner, base::Duration& offset) {
    offset = {};
    if (scanner.skip('Z') || scanner.skip('z')) return true;
    const bool west = scanner.skip('-');
    if (!west && !scanner.skip('+')) return false;
    int hour = 0;
    int minute = 0;
    if (!scanner.digits(2, hour)) return false;
    if (!scanner.at_end()) {
        scanner.skip(':');
        if (!scanner.digits(2, minute)) return false;
    }
    offset = (std::chrono::hours(hour) + std::chrono::minutes(minute)) * (west ? -1 : 1);
    return hour < 24 && minute < 60;
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    Scanner scanner(text);
    std::int64_t day = 0;
    base::Duration time{};
    base::Duration offset{};
    if (!scan_date(scanner, day)) return std::nullopt;
    if (!scanner.skip('T') && !scanner.skip('t') && !scanner.skip(' ')) return std::nullopt;
    if (!scan_time(scanner, time) || !scan_offset(scanner, offset) || !scanner.at_end()) return std::nullopt;
    return day_start(day) + time - offset;
}

std::string format_timestamp(Timestamp timestamp) {
    const std::int64_t day = day_of(timestamp);
    const std::int64_t us = (timestamp - day_start(day)).count();
    const std::int64_t seconds = us / 1'000'000;
    const std::int64_t fraction = us % 1'000'000;
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    std::string text =
        fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}"), static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), seconds / 3600,
                    seconds / 60 % 60, seconds % 60);
    if (fraction != 0)
        text +=
            fraction % 1000 == 0 ? fmt::format(".{:03}", fraction / 1000) : fmt::format(".{:06}", fraction);
    return text + "Z";
}

std::string format_day(std::int64_t day) {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::optional<std::int64_t> parse_day(std::string_view text) {
    Scanner scanner(text);
    std::int64_t day = 0;
    if (!scan_date(scanner, day) || !scanner.at_end()) return std::nullopt;
    return day;
}

}  // namespace millrace::model
