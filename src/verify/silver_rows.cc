#include "verify/silver_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/units.h"
#include "silver/silver_table.h"
#include "silver/stage/table_ids.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"
#include "verify/finding.h"
#include "verify/row_values.h"

namespace millrace::verify {

namespace {

/// Names an item of the log. Most records have one, so the first one's number is left out.
std::string place_text(int partition, bronze::Offset offset, std::int32_t record_index) {
    const std::string item = record_index == 0 ? std::string() : fmt::format(" item {}", record_index);
    return fmt::format("partition {} offset {}{}", partition, offset, item);
}

using storage::column;

/// The files of one day.
using DayFiles = std::vector<const storage::AddFile*>;

/// Rows of before records had several items have no index.
std::int32_t index_at(const arrow::Int32Array& indices, std::int64_t row) {
    return indices.IsNull(row) ? 0 : indices.Value(row);
}

/// Reads the silver rows, one day after the other to bound the memory that their ids take.
class SilverRows {
  public:
    SilverRows(const SilverTables& tables, const model::ShopSettings& settings)
        : tables_(tables), settings_(settings), found_(static_cast<std::size_t>(tables.partitions())) {}

    ItemSets check(VerifyReport& report) {
        std::map<std::string, DayFiles> days;
        for (const auto& [path, add] : tables_.silver.snapshot().files)
            days[std::string(storage::partition_value(add, "event_date"))].push_back(&add);
        for (const auto& [day, files] : days) check_day(day, files);
        report.checks.push_back(
            values_.check(fmt::format("{} silver rows have valid values", base::format_count(rows_))));
        report.checks.push_back(duplicates_.check("no event_id occurs twice on a day"));
        report.checks.push_back(
            offsets_.check("each item occurs at most once, below its partition's progress"));
        return std::move(found_);
    }

  private:
    void check_day(const std::string& day, const DayFiles& files) {
        std::vector<silver::IdHash> ids;
        for (const storage::AddFile* add : files) {
            scan(*add, {}, [&](const arrow::RecordBatch& rows) {
                check_nulls(rows, add->path, values_);
                check_values(rows, *add, settings_.rules, values_);
                take_offsets(rows, add->path);
                for (std::int64_t i = 0; i < rows.num_rows(); ++i) ids.push_back(id_of(rows, i));
                rows_ += rows.num_rows();
            });
        }
        std::ranges::sort(ids, [](const auto& a, const auto& b) {
            return a.low != b.low ? a.low < b.low : a.high < b.high;
        });
        for (auto at = std::ranges::adjacent_find(ids); at != ids.end();
             at = std::adjacent_find(at + 1, ids.end())) {
            duplicates_.fault(fmt::format("event_date {}: {}", day, name_duplicate(files, *at)));
        }
    }

    void scan(const storage::AddFile& add, const std::vector<std::string>& columns, const auto& visit) const {
        storage::scan_parquet(tables_.silver.root() / add.path, *silver::silver_layout().schema, columns,
                              visit);
    }

    [[nodiscard]] silver::IdHash id_of(const arrow::RecordBatch& rows, std::int64_t row) const {
        return silver::hash_id(column<arrow::StringArray>(rows, "event_id").GetView(row),
                               settings_.dedupe_scope,
                               column<arrow::Int32Array>(rows, "partition").Value(row));
    }

    /// The event_ids that have the hash `wanted`, and the files that they are in.
    std::string name_duplicate(const DayFiles& files, const silver::IdHash& wanted) const {
        std::string text;
        for (const storage::AddFile* add : files) {
            scan(*add, {"event_id", "partition"}, [&](const arrow::RecordBatch& rows) {
                const auto& names = column<arrow::StringArray>(rows, "event_id");
                for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
                    if (id_of(rows, i) != wanted) continue;
                    text += fmt::format("{}{} in {}", text.empty() ? "" : ", again ", names.GetView(i),
                                        add->path);
                }
            });
        }
        return text;
    }

    void take_offsets(const arrow::RecordBatch& rows, const std::string& path) {
        const auto& partitions = column<arrow::Int32Array>(rows, "partition");
        const auto& offsets = column<arrow::Int64Array>(rows, "offset");
        const auto& epochs = column<arrow::Int32Array>(rows, "log_epoch");
        const auto& indices = column<arrow::Int32Array>(rows, "record_index");
        for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
            if (epochs.Value(i) != tables_.identity.epoch)
                continue;  // a row of an earlier topic of this name
            const int p = partitions.Value(i);
            const bronze::Offset offset(offsets.Value(i));
            const bool below = tables_.is_processed(p, offset);
            offsets_.require(below, [&] {
                return fmt::format("{}: partition {} offset {} is past the progress", path, p, offset);
            });
            if (!below) continue;
            const std::int32_t index = index_at(indices, i);
            offsets_.require(found_[static_cast<std::size_t>(p)].insert(offset, index), [&] {
                return fmt::format("{}: {} occurs twice", path, place_text(p, offset, index));
            });
        }
    }

    const SilverTables& tables_;
    const model::ShopSettings& settings_;
    Finding values_{"rows"};
    Finding duplicates_{"duplicate ids"};
    Finding offsets_{"offsets"};
    ItemSets found_;
    std::int64_t rows_ = 0;
};

}  // namespace

ItemSets check_silver_rows(const SilverTables& tables, const model::ShopSettings& settings,
                           VerifyReport& report) {
    return SilverRows(tables, settings).check(report);
}

ItemSets check_quarantine_rows(const SilverTables& tables, const ItemSets& in_silver, VerifyReport& report) {
    Finding finding("quarantine");
    ItemSets found(in_silver.size());
    std::int64_t records = 0;
    for (const auto& [path, add] : tables.quarantine.snapshot().files) {
        storage::scan_parquet(
            tables.quarantine.root() / path, *silver::quarantine_schema(),
            {"partition", "offset", "log_epoch", "record_index"}, [&](const arrow::RecordBatch& rows) {
                const auto& partitions = column<arrow::Int32Array>(rows, "partition");
                const auto& offsets = column<arrow::Int64Array>(rows, "offset");
                const auto& epochs = column<arrow::Int32Array>(rows, "log_epoch");
                const auto& indices = column<arrow::Int32Array>(rows, "record_index");
                for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
                    const int p = partitions.Value(i);
                    const bronze::Offset offset(offsets.Value(i));
                    if (epochs.Value(i) != tables.identity.epoch || !tables.is_processed(p, offset)) continue;
                    ++records;
                    const auto place = static_cast<std::size_t>(p);
                    const std::int32_t index = index_at(indices, i);
                    finding.require(found[place].insert(offset, index), [&] {
                        return fmt::format("{}: {} occurs twice", path, place_text(p, offset, index));
                    });
                    finding.require(!in_silver[place].contains(offset, index), [&] {
                        return fmt::format("{}: {} is in silver too", path, place_text(p, offset, index));
                    });
                }
            });
    }
    report.checks.push_back(finding.check(
        fmt::format("{} quarantined records, none of them in silver", base::format_count(records))));
    return found;
}

}  // namespace millrace::verify
