#pragma once

#include "bronze/event_log.h"
#include "model/shop_settings.h"
#include "verify/item_set.h"
#include "verify/silver_tables.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// Decodes again the records that the decoders of the running version have decoded, as far as the log still
/// holds them, and checks where their items are: an item that breaks a rule is in quarantine, one that is no
/// event is in neither table, and any other is in silver, or in neither table as a duplicate. Each row of the
/// tables is such an item. If silver has been decoded by this version from the beginning, the counts of the
/// commits are compared, too. `in_silver` and `quarantined` are the items that the tables hold.
void check_decoding(const SilverTables& tables, const bronze::EventLog& log, const model::RuleOptions& rules,
                    const ItemSets& in_silver, const ItemSets& quarantined, VerifyReport& report);

}  // namespace millrace::verify
