#include "verify/gold_hours.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/units.h"
#include "base/worker_pool.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_file.h"
#include "gold/stage/silver_reader.h"
#include "gold/window.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/parquet_file.h"

namespace millrace::verify {

namespace {

using storage::column;

void add_hours(const arrow::RecordBatch& rows, bool provisional, Hours& hours) {
    const auto& grains = column<arrow::StringArray>(rows, "grain");
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        if (grains.GetView(i) != "hour") continue;
        const arrow::Decimal128 gross(column<arrow::Decimal128Array>(rows, "gross_revenue").GetValue(i));
        hours[{model::from_us(column<arrow::TimestampArray>(rows, "window_start").Value(i)),
               column<arrow::StringArray>(rows, "currency").GetString(i)}] = {
            column<arrow::Int64Array>(rows, "events").Value(i),
            (model::Money{gross.high_bits()} << 64) | gross.low_bits(), provisional};
    }
}

Hours published_hours(const catalog::DataDirectory& data) {
    Hours hours;
    const auto table = storage::DeltaTable::open(data.gold() / gold::table_name(gold::Table::kpis));
    const auto& columns = *gold::table_layout(gold::Table::kpis).schema;
    for (const auto& [path, add] : table.snapshot().files) {
        const bool provisional = gold::gold_file(path).is_provisional();
        storage::scan_parquet(table.root() / path, columns, {},
                              [&](const arrow::RecordBatch& rows) { add_hours(rows, provisional, hours); });
    }
    return hours;
}

/// The hours of `wanted`, computed from silver's rows.
Hours silver_hours(const catalog::DataDirectory& data, const Hours& wanted) {
    const auto silver = storage::DeltaTable::open(data.silver());
    std::vector<storage::AddFile> files;
    for (const auto& [path, add] : silver.snapshot().files) files.push_back(add);
    const model::TimeZone utc("UTC");
    base::WorkerPool pool;
    gold::Strings strings;
    Hours hours;
    gold::read_silver_rows(
        silver.root(), files, strings, pool, [&](const gold::Events& events, gold::Timestamp) {
            for (const gold::Event& event : events.rows) {
                const auto start = gold::window_at(gold::Grain::hour, event.time, utc).start;
                const HourKey key{start, std::string(strings.value(gold::Field::currency, event.currency))};
                if (!wanted.contains(key)) continue;
                Hour& hour = hours[key];
                ++hour.events;
                if (event.kind == gold::Kind::purchase) hour.gross += event.amount();
            }
        });
    return hours;
}

/// Whether Gold's figures of an hour are right beside silver's. Gold may lack events that came late and,
/// where the hour is open, events that it has not processed yet.
bool agrees(const Hour& gold, const Hour& silver, Ahead ahead) {
    if (gold.events == silver.events) return gold.gross == silver.gross;
    return gold.events < silver.events && (!gold.provisional || ahead == Ahead::rows);
}

}  // namespace

void compare_hours(const ComparedHours& hours, Ahead ahead, VerifyReport& report) {
    const auto& [published, silver] = hours;
    std::int64_t late = 0;
    std::int64_t not_processed = 0;
    for (const auto& [key, hour] : published) {
        const auto found = silver.find(key);
        const Hour expected = found == silver.end() ? Hour() : found->second;
        if (!agrees(hour, expected, ahead)) {
            report.checks.push_back(
                {"gold against silver", false,
                 fmt::format("the hour from {}, {}: gold has {} events worth {:.4f}, silver {} worth {:.4f}",
                             model::format_timestamp(key.first), key.second, hour.events,
                             model::to_double(hour.gross), expected.events,
                             model::to_double(expected.gross))});
            return;
        }
        (hour.provisional ? not_processed : late) += expected.events - hour.events;
    }
    report.checks.push_back(
        {"gold against silver", true,
         fmt::format("{} compared: silver's events and revenue in each",
                     base::format_counted(static_cast<std::int64_t>(published.size()), "hour"))});
    if (late > 0) {
        report.notes.push_back(
            fmt::format("gold: {} came after their hour was closed; millrace gold --batch adds them",
                        base::format_counted(late, "event")));
    }
    if (not_processed > 0) {
        report.notes.push_back(
            fmt::format("gold: {} of open hours are not processed yet; millrace gold processes them",
                        base::format_counted(not_processed, "event")));
    }
}

void check_gold_hours(const catalog::DataDirectory& data, Ahead ahead, VerifyReport& report) {
    const Hours published = published_hours(data);
    const Hours silver = silver_hours(data, published);
    compare_hours({.published = published, .silver = silver}, ahead, report);
}

}  // namespace millrace::verify
