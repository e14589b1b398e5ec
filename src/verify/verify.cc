#include "verify/verify.h"

#include <fmt/format.h>

#include "base/units.h"
#include "verify/archive_check.h"
#include "verify/decoding.h"
#include "verify/gold_check.h"
#include "verify/log_accounting.h"
#include "verify/silver_rows.h"
#include "verify/silver_tables.h"

namespace millrace::verify {

namespace {

void note_skipped_offsets(int partition, std::int64_t skipped, VerifyReport& report) {
    if (skipped <= 0) return;
    report.notes.push_back(
        fmt::format("partition {}: {} offsets had no record (removed before they were read, or Kafka's own "
                    "marks)",
                    partition, base::format_count(skipped)));
}

/// Reads the rows of both tables, and checks them and the counts of the commits.
void check_rows_and_counts(const SilverTables& tables, const model::ShopSettings& settings,
                           const bronze::EventLog& log, VerifyReport& report) {
    const ItemSets silver = check_silver_rows(tables, settings, report);
    const ItemSets quarantined = check_quarantine_rows(tables, silver, report);
    for (int p = 0; p < tables.partitions(); ++p) {
        const auto place = static_cast<std::size_t>(p);
        const catalog::PartitionProgress& progress = tables.progress[place];
        report.checks.push_back(check_accounting(
            p, progress, {.silver = silver[place].size(), .quarantined = quarantined[place].size()},
            log.offsets(p).start));
        note_skipped_offsets(p, progress.skipped, report);
    }
    check_decoding(tables, log, settings.rules, silver, quarantined, report);
    report.checks.push_back(check_commits(tables));
}

}  // namespace

VerifyReport verify_tables(const catalog::DataDirectory& data, const bronze::EventLog& log) {
    data.check_not_rebuilding();
    const model::ShopSettings settings = data.settings();
    const SilverTables tables(data, log);
    VerifyReport report;
    report.checks.push_back(check_schemas(tables));
    check_files(tables.silver, "silver", report);
    check_files(tables.quarantine, "quarantine", report);
    if (report.passed()) check_rows_and_counts(tables, settings, log, report);
    report.checks.push_back(check_log(tables, log));
    if (storage::DeltaTable::exists(data.archive())) check_archive(data, log, report);
    if (report.passed()) check_gold(data, report);
    return report;
}

}  // namespace millrace::verify
