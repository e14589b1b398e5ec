#include "verify/archive_check.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "archive/archive_table.h"
#include "base/units.h"
#include "catalog/partition_progress.h"
#include "storage/column.h"
#include "storage/parquet_file.h"
#include "verify/finding.h"
#include "verify/offset_set.h"
#include "verify/silver_tables.h"

namespace millrace::verify {

namespace {

using storage::column;

/// Takes the offsets of archived records that are of the log `identity`; returns how many they are.
std::int64_t take_archived_offsets(const arrow::RecordBatch& rows, const std::string& path,
                                   const catalog::LogIdentity& identity, OffsetSets& found,
                                   Finding& finding) {
    const auto& partitions = column<arrow::Int32Array>(rows, "partition");
    const auto& topics = column<arrow::StringArray>(rows, "topic");
    const auto& offsets = column<arrow::Int64Array>(rows, "offset");
    const auto& epochs = column<arrow::Int32Array>(rows, "log_epoch");
    std::int64_t records = 0;
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        const int p = partitions.Value(i);
        if (topics.GetView(i) != identity.topic || epochs.Value(i) != identity.epoch || p < 0 ||
            p >= static_cast<int>(found.size()))
            continue;
        ++records;
        finding.require(found[static_cast<std::size_t>(p)].insert(bronze::Offset(offsets.Value(i))), [&] {
            return fmt::format("{}: partition {} offset {} occurs twice", path, p, offsets.Value(i));
        });
    }
    return records;
}

}  // namespace

void check_archive(const catalog::DataDirectory& data, const bronze::EventLog& log, VerifyReport& report) {
    const auto table = storage::DeltaTable::open(data.archive());
    check_files(table, "archive", report);
    Finding finding("archive");
    const catalog::LogIdentity identity = catalog::identify(table.snapshot(), log);
    OffsetSets found(static_cast<std::size_t>(log.partitions()));
    std::int64_t records = 0;
    for (const auto& [path, add] : table.snapshot().files) {
        storage::scan_parquet(table.root() / path, *archive::archive_schema(),
                              {"topic", "log_epoch", "partition", "offset"},
                              [&](const arrow::RecordBatch& rows) {
                                  records += take_archived_offsets(rows, path, identity, found, finding);
                              });
    }
    for (std::size_t p = 0; p < found.size(); ++p) {
        const std::int64_t counted =
            catalog::read_progress(table.snapshot(), log, static_cast<int>(p)).received;
        const std::int64_t held = found[p].size();
        finding.require(held == counted, [&] {
            return fmt::format("partition {} has {} records, and the commits count {}", p, held, counted);
        });
    }
    report.checks.push_back(finding.check(fmt::format("{} records, each once", base::format_count(records))));
}

}  // namespace millrace::verify
