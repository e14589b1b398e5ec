#include "gold/stage/alert_rows.h"

#include <arrow/api.h>

#include <algorithm>

#include "gold/gold_tables.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

using model::Alert;
using storage::column;

namespace {

Alert alert_of(const arrow::RecordBatch& rows, std::int64_t row) {
    const auto text = [&](const char* name) { return column<arrow::StringArray>(rows, name).GetString(row); };
    // Files that are older than the column lack it.
    const auto text_if_known = [&](const char* name) {
        const auto values = std::static_pointer_cast<arrow::StringArray>(rows.GetColumnByName(name));
        return values == nullptr ? std::string() : values->GetString(row);
    };
    const auto time = [&](const char* name) {
        return model::from_us(column<arrow::TimestampArray>(rows, name).Value(row));
    };
    const auto number = [&](const char* name) { return column<arrow::DoubleArray>(rows, name).Value(row); };
    return {.sequence = model::AlertSequence(column<arrow::Int64Array>(rows, "sequence").Value(row)),
            .id = text("alert_id"),
            .rule = text("rule"),
            .subject = text("subject"),
            .state = text("state") == state_name(Alert::State::firing) ? Alert::State::firing
                                                                       : Alert::State::resolved,
            .severity = text("severity") == severity_name(Alert::Severity::critical)
                            ? Alert::Severity::critical
                            : Alert::Severity::warning,
            .at = time("at"),
            .started_at = time("started_at"),
            .value = number("value"),
            .threshold = number("threshold"),
            .unit = text_if_known("unit"),
            .message = text("message")};
}

}  // namespace

std::filesystem::path alerts_path(const catalog::DataDirectory& data) {
    return data.gold() / table_name(Table::alerts);
}

std::vector<Alert> alerts_after(const storage::DeltaTable& table, model::AlertSequence sequence) {
    std::vector<Alert> alerts;
    for (const auto& [path, add] : table.snapshot().files) {
        if (storage::FileStats(add).max("sequence").value_or(sequence.value() + 1) <= sequence.value())
            continue;
        const auto& schema = *table_layout(Table::alerts).schema;
        storage::scan_parquet(table.root() / path, schema, {}, [&](const arrow::RecordBatch& rows) {
            for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
                Alert alert = alert_of(rows, i);
                if (alert.sequence > sequence) alerts.push_back(std::move(alert));
            }
        });
    }
    std::ranges::sort(alerts, {}, &Alert::sequence);
    return alerts;
}

}  // namespace millrace::gold
