#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "catalog/data_directory.h"
#include "model/money.h"
#include "model/timestamp.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// The events and the gross revenue of one hour in one currency.
struct Hour {
    std::int64_t events = 0;
    model::Money gross = 0;
    bool provisional = false;  ///< Gold's window of this hour is open
};
using HourKey = std::pair<model::Timestamp, std::string>;  ///< start, currency
using Hours = std::map<HourKey, Hour>;

/// What silver holds beyond the version that Gold has processed.
enum class Ahead {
    nothing,
    rows,        ///< further rows
    other_rows,  ///< other rows in place of those that Gold has processed
};

/// Compares the hours that Gold has published with silver's. Silver may have more events than Gold: late
/// ones, and, in an open hour, ones that Gold has not processed yet. These are noted, with the command that
/// makes Gold process them.
struct ComparedHours {
    const Hours& published;  ///< by Gold
    const Hours& silver;
};
void compare_hours(const ComparedHours& hours, Ahead ahead, VerifyReport& report);

/// Reads the hours of both and compares them. `ahead` must not be Ahead::other_rows.
void check_gold_hours(const catalog::DataDirectory& data, Ahead ahead, VerifyReport& report);

}  // namespace millrace::verify
