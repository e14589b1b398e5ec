#include "silver/stage/quarantined_items.h"

#include <arrow/api.h>

#include <limits>

#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

ItemPlaces quarantined_items(const storage::DeltaTable& quarantine, const catalog::LogIdentity& log,
                             int partition, bronze::Offset from) {
    ItemPlaces items;
    constexpr auto unbounded = std::numeric_limits<std::int64_t>::max();
    for (const auto& [path, add] : quarantine.snapshot().files) {
        const storage::FileStats stats(add);
        if (bronze::Offset(stats.max("offset").value_or(unbounded)) < from) continue;
        if (stats.min("partition").value_or(partition) > partition) continue;
        if (stats.max("partition").value_or(partition) < partition) continue;
        const std::vector<std::string> columns = {"topic", "partition", "offset", "log_epoch",
                                                  "record_index"};
        const auto& table = *quarantine_schema();
        storage::scan_parquet(quarantine.root() / path, table, columns, [&](const arrow::RecordBatch& rows) {
            const auto& topics = storage::column<arrow::StringArray>(rows, "topic");
            const auto& partitions = storage::column<arrow::Int32Array>(rows, "partition");
            const auto& values = storage::column<arrow::Int64Array>(rows, "offset");
            const auto& epochs = storage::column<arrow::Int32Array>(rows, "log_epoch");
            const auto& indices = storage::column<arrow::Int32Array>(rows, "record_index");
            for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
                const bool ours = topics.GetView(i) == log.topic && partitions.Value(i) == partition &&
                                  epochs.Value(i) == log.epoch;
                const bronze::Offset offset(values.Value(i));
                // Rows of before records had several items have no index.
                if (ours && offset >= from) items.insert({offset, indices.IsNull(i) ? 0 : indices.Value(i)});
            }
        });
    }
    return items;
}

}  // namespace millrace::silver
