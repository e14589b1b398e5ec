#include "verify/verify_gold.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <map>

#include "base/worker_pool.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_file.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/silver_reader.h"
#include "gold/window.h"
#include "model/money.h"
#include "storage/arrow_status.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::verify {

namespace {

using storage::column;

/// An hour's events and gross revenue in one currency.
struct Hour {
    std::int64_t events = 0;
    model::Money gross = 0;
    bool provisional = false;  ///< Gold holds it open still
};
using HourKey = std::pair<gold::Timestamp, std::string>;  // start, currency
using Hours = std::map<HourKey, Hour>;

/// The rows of a day, and the key of one that stands twice.
std::int64_t count_rows(const std::string& day, const std::vector<std::filesystem::path>& files,
                        gold::Table which, std::string& twice) {
    boost::unordered_flat_set<std::string> keys;
    std::int64_t rows = 0;
    for (const std::filesystem::path& file : files) {
        const auto& columns = *gold::table_layout(which).schema;
        storage::scan_parquet(file, columns, gold::table_key(which), [&](const arrow::RecordBatch& batch) {
            rows += batch.num_rows();
            for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
                std::string key = day;
                for (const auto& values : batch.columns()) {
                    key += '\n';
                    if (!values->IsNull(i))  // which no text is
                        key += '=' + storage::value_of(values->GetScalar(i), "reading gold rows")->ToString();
                }
                if (const auto [place, fresh] = keys.insert(std::move(key)); !fresh) twice = *place;
            }
        });
    }
    return rows;
}

Check check_table(const storage::DeltaTable& table, gold::Table which) {
    const std::string name = fmt::format("gold.{}", gold::table_name(which));
    if (!storage::lacking_columns(table.snapshot().metadata.schema_json,
                                  storage::delta_schema(*gold::table_schema(which))))
        return {name, false, "its columns differ from the format's"};
    for (const auto& [path, add] : table.snapshot().files) {
        std::error_code error;
        const auto size = std::filesystem::file_size(table.root() / path, error);
        if (error || static_cast<std::int64_t>(size) != add.size)
            return {name, false, fmt::format("{} is not on disk as the log says", path)};
    }
    if (!gold::provisional_files_are_whole(table.snapshot()))
        return {
            name, false,
            "another program has rewritten files with rows of open windows; millrace gold builds it anew"};
    std::map<std::string, std::vector<std::filesystem::path>, std::less<>> days;
    for (const auto& [path, add] : table.snapshot().files)
        days[std::string(storage::partition_value(add, "day"))].push_back(table.root() / path);
    std::int64_t rows = 0;
    std::string twice;
    for (const auto& [day, files] : days) rows += count_rows(day, files, which, twice);
    const std::int64_t provisional = gold::count_provisional_rows(table.snapshot());
    const std::string open = provisional == 0 ? ""
                                              : fmt::format(", {} of them of windows that are open still",
                                                            base::format_count(provisional));
    if (twice.empty())
        return {name, true, fmt::format("{}, each once{}", base::format_counted(rows, "row"), open)};
    std::ranges::replace(twice, '\n', ' ');
    return {name, false, fmt::format("this row stands twice: {}", twice)};
}

void add_hours(const arrow::RecordBatch& rows, bool provisional, Hours& hours) {
    const auto& grains = column<arrow::StringArray>(rows, "grain");
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        if (grains.GetView(i) != "hour") continue;
        const arrow::Decimal128 gross(column<arrow::Decimal128Array>(rows, "gross_revenue").GetValue(i));
        hours[{column<arrow::TimestampArray>(rows, "window_start").Value(i),
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

/// Silver's figures of the hours in `wanted`.
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

/// What silver has that Gold hasn't taken in.
enum class Ahead { nothing, rows, other_rows };

/// Ahead::other_rows where its rows were replaced since.
Ahead silver_is_ahead(const catalog::DataDirectory& data) {
    const auto state = gold::read_gold_position(data.gold_state());
    if (!state) return Ahead::other_rows;
    const auto silver = storage::DeltaTable::open(data.silver());
    if (state->silver_id != silver.snapshot().metadata.id) return Ahead::other_rows;
    Ahead ahead = Ahead::nothing;
    for (std::int64_t version = state->silver_version + 1; version <= silver.snapshot().version; ++version) {
        const auto commit = silver.read_commit(version);
        if (!commit || commit->removes_data()) return Ahead::other_rows;
        if (std::ranges::any_of(commit->adds, &storage::AddFile::data_change)) ahead = Ahead::rows;
    }
    return ahead;
}

/// Whether Gold's figures of an hour may stand beside silver's: events may be missing that came late or,
/// where the hour is open, that Gold has yet to take in.
bool agrees(const Hour& gold, const Hour& silver, Ahead ahead) {
    if (gold.events == silver.events) return gold.gross == silver.gross;
    return gold.events < silver.events && (!gold.provisional || ahead == Ahead::rows);
}

void check_hours(const catalog::DataDirectory& data, Ahead ahead, VerifyReport& report) {
    const Hours published = published_hours(data);
    const Hours silver = silver_hours(data, published);
    std::int64_t late = 0;
    std::int64_t to_come = 0;
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
        (hour.provisional ? to_come : late) += expected.events - hour.events;
    }
    report.checks.push_back(
        {"gold against silver", true,
         fmt::format("{} compared: silver's events and revenue in each",
                     base::format_counted(static_cast<std::int64_t>(published.size()), "hour"))});
    if (late > 0) {
        report.notes.push_back(
            fmt::format("gold: {} came after their hour was closed; millrace gold --batch takes them in",
                        base::format_counted(late, "event")));
    }
    if (to_come > 0)
        report.notes.push_back(fmt::format("gold: {} of open hours to be taken in yet; millrace gold does so",
                                           base::format_counted(to_come, "event")));
}

}  // namespace

void verify_gold(const catalog::DataDirectory& data, VerifyReport& report) {
    for (const gold::Table each : gold::all_tables) {
        if (!storage::DeltaTable::exists(data.gold() / gold::table_name(each))) return;
        report.checks.push_back(
            check_table(storage::DeltaTable::open(data.gold() / gold::table_name(each)), each));
        if (!report.checks.back().passed) return;
    }
    const Ahead ahead = silver_is_ahead(data);
    if (ahead != Ahead::other_rows) return check_hours(data, ahead, report);
    report.notes.emplace_back(
        "gold: silver was rebuilt since; millrace gold --available-now builds Gold anew");
}

}  // namespace millrace::verify
