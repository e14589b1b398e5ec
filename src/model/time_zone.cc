#include "model/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <stdexcept>

#include "base/error.h"

namespace millrace::model {

namespace {

const date::time_zone* locate(const std::string& name) {
    if (name == "UTC") return nullptr;
    try {
        return date::locate_zone(name);
    } catch (const std::runtime_error&) {
        throw usage_error("reading the settings", fmt::format("\"{}\" is not a known IANA time zone", name),
                          "Write it as in Europe/Berlin. The package tzdata has the list.");
    }
}

}  // namespace

TimeZone::TimeZone(const std::string& name) : name_(name), zone_(locate(name)) {}

Timestamp TimeZone::day_start(std::int64_t day) const {
    if (zone_ == nullptr) return model::day_start(day);
    const date::local_days midnight{date::days(day)};
    return zone_->to_sys(midnight, date::choose::earliest);
}

std::int64_t TimeZone::day_of(Timestamp timestamp) const {
    if (zone_ == nullptr) return model::day_of(timestamp);
    if (timestamp >= start_ && timestamp < end_) return day_;
    // No zone is more than one day away from UTC.
    day_ = model::day_of(timestamp) - 1;
    for (end_ = day_start(day_); end_ <= timestamp; end_ = day_start(++day_)) start_ = end_;
    --day_;
    return day_;
}

}  // namespace millrace::model
