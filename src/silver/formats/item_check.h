#pragma once

#include <span>

#include "base/clock.h"
#include "silver/check.h"
#include "silver/message/message_decoder.h"

namespace millrace::silver {

/// Checks the items of one record that are events so far, and sets their verdicts. `log_time` is the record's
/// timestamp. The lines of an order also get the number of those that break a rule.
void check_items(Checker& checker, std::span<Item> items, base::WallTime log_time);

}  // namespace millrace::silver
