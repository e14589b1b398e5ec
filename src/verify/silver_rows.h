#pragma once

#include "model/shop_settings.h"
#include "verify/item_set.h"
#include "verify/silver_tables.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// Reads all silver rows and checks their values, that no event_id occurs twice on a day, and that each
/// item of a record occurs at most once and below its partition's progress. Returns the items of the log's
/// rows.
ItemSets check_silver_rows(const SilverTables& tables, const model::ShopSettings& settings,
                           VerifyReport& report);

/// Reads all quarantined records and checks that each item occurs once and is not in silver. Items past
/// silver's progress are skipped: their silver commit may be under way. Returns the others.
ItemSets check_quarantine_rows(const SilverTables& tables, const ItemSets& in_silver, VerifyReport& report);

}  // namespace millrace::verify
