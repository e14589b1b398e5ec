#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "catalog/data_directory.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/late_days.h"
#include "model/money.h"
#include "model/time_zone.h"
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

/// What is compared: all hours of Gold and of silver, and where Gold stands.
struct ComparedHours {
    Hours published;  ///< by Gold
    Hours silver;
    model::Timestamp watermark;   ///< hours that end at or before it are closed
    std::int64_t rows_ahead = 0;  ///< rows of silver that Gold has not processed
    gold::LateDays late;          ///< days whose hours lack late events until they are corrected
    model::TimeZone zone;         ///< the shop's time zone
};
/// Compares the hours that Gold has published with silver's. Gold must have all closed hours with all events,
/// except late events of days that are noted as such, and rows that it has not processed yet. Both are noted,
/// with the command that makes Gold process them.
void compare_hours(const ComparedHours& hours, VerifyReport& report);

/// Reads the hours of both and compares them. Only notes it when Gold has no state for this silver table.
void check_gold_hours(const catalog::DataDirectory& data, VerifyReport& report);

}  // namespace millrace::verify
