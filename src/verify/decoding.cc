#include "verify/decoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/units.h"
#include "silver/check.h"
#include "silver/formats/record_decoder.h"
#include "verify/finding.h"

namespace millrace::verify {

namespace {

/// Decodes the records of one partition again.
class Decoding {
  public:
    Decoding(const SilverTables& tables, const bronze::EventLog& log, const model::RuleOptions& rules,
             Finding& finding)
        : tables_(tables),
          log_(log),
          checker_(rules, types_),
          decoder_(rules.message_format),
          finding_(finding) {}

    /// Returns the number of records that were decoded.
    std::int64_t check(int partition, const ItemSet& in_silver, const ItemSet& quarantined) {
        const auto& progress = tables_.progress[static_cast<std::size_t>(partition)];
        const bronze::OffsetRange held = log_.offsets(partition);
        const bronze::Offset start = std::max(progress.decoded_from, held.start);
        if (progress.decoder != silver::decoder_version || start >= std::min(progress.next_offset, held.end))
            return 0;
        partition_ = partition;
        counted_ = {};
        bronze::visit_records(log_, partition, {start, progress.next_offset},
                              [&](const bronze::Record& record) { take(record, in_silver, quarantined); });
        const bool is_whole = counted_.received == progress.received;
        if (is_whole) compare_counts(progress);
        return counted_.received;
    }

  private:
    void take(const bronze::Record& record, const ItemSet& in_silver, const ItemSet& quarantined) {
        ++counted_.received;
        std::int32_t index = 0;
        for (silver::Item& item :
             decoder_.decode(record, {log_.topic(), tables_.identity.epoch, partition_})) {
            const bool is_row = in_silver.contains(record.offset, index);
            const bool is_refused = quarantined.contains(record.offset, index);
            const auto expect = [&](bool holds, std::string_view what) {
                finding_.require(holds, [&] {
                    return fmt::format("partition {} offset {} item {} {}", partition_, record.offset, index,
                                       what);
                });
            };
            const bool is_ignored = !item.ignored.empty();
            counted_.ignored += is_ignored ? 1 : 0;
            if (!is_ignored && item.verdict.ok()) item.verdict = checker_.check(item.event, record.timestamp);
            if (is_ignored) {
                expect(!is_row && !is_refused, "is no event, but a table has its row");
            } else if (!item.verdict.ok()) {
                expect(is_refused && !is_row, "breaks a rule, but is not in quarantine");
            } else {
                // How many event types the shop had when the record was processed is not known here.
                expect(!is_refused || !model::is_known_type(item.event.event_type),
                       "breaks no rule, but is in quarantine");
            }
            ++index;
        }
        counted_.items += index;
        rows_beyond(record.offset, index, in_silver, quarantined);
    }

    /// Checks that the tables have no row of an item that the record does not have.
    void rows_beyond(bronze::Offset offset, std::int32_t items, const ItemSet& in_silver,
                     const ItemSet& quarantined) {
        finding_.require(!in_silver.contains(offset, items) && !quarantined.contains(offset, items), [&] {
            return fmt::format("partition {} offset {} has {}, but a table has a row of another one",
                               partition_, offset, base::format_counted(items, "item"));
        });
    }

    void compare_counts(const catalog::PartitionProgress& progress) {
        finding_.require(counted_.items == progress.items && counted_.ignored == progress.ignored, [&] {
            return fmt::format("partition {} has {} items, {} of them ignored; the commits count {} and {}",
                               partition_, counted_.items, counted_.ignored, progress.items,
                               progress.ignored);
        });
    }

    const SilverTables& tables_;
    const bronze::EventLog& log_;
    silver::EventTypes types_{std::numeric_limits<int>::max()};
    silver::Checker checker_;
    silver::RecordDecoder decoder_;
    Finding& finding_;
    int partition_ = 0;
    catalog::PartitionProgress counted_;
};

}  // namespace

void check_decoding(const SilverTables& tables, const bronze::EventLog& log, const model::RuleOptions& rules,
                    const ItemSets& in_silver, const ItemSets& quarantined, VerifyReport& report) {
    Finding finding("decoding");
    Decoding decoding(tables, log, rules, finding);
    std::int64_t records = 0;
    for (int p = 0; p < tables.partitions(); ++p) {
        const auto place = static_cast<std::size_t>(p);
        records += decoding.check(p, in_silver[place], quarantined[place]);
    }
    report.checks.push_back(finding.check(
        fmt::format("{} decoded again, with the same items", base::format_counted(records, "record"))));
    const bool by_others = std::ranges::any_of(tables.progress, [](const auto& progress) {
        return progress.received > 0 && progress.decoder != silver::decoder_version;
    });
    if (by_others)
        report.notes.emplace_back(
            "silver was decoded by another version of Millrace, so its records were not decoded again. To "
            "decode them with this version: millrace replay");
}

}  // namespace millrace::verify
