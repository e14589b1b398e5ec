#include "pipeline/gold_batch.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/clock.h"
#include "base/error.h"
#include "gold/gold.h"
#include "pipeline/gold_state.h"
#include "pipeline/gold_writer.h"
#include "pipeline/silver_rows.h"
#include "pipeline/table_locks.h"
#include "storage/arrow_status.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::pipeline {

namespace json = boost::json;

namespace {

using gold::Timestamp;

constexpr std::int64_t days_at_once = 7;
constexpr std::int64_t rows_at_once = 64 << 10;           ///< to be written
constexpr Timestamp longest_window = model::us_per_hour;  // that begins within a day and may end after it

/// Takes the events that aren't `wanted` out, and returns those of them that are to be `read` for the
/// sessions alone.
std::vector<gold::Event> cut(gold::Events& events, gold::Window read, gold::Window wanted) {
    const auto others = std::ranges::partition(
        events.rows, [wanted](const gold::Event& event) { return wanted.contains(event.time); });
    std::vector<gold::Event> beside;
    std::ranges::copy_if(others, std::back_inserter(beside),
                         [read](const gold::Event& event) { return read.contains(event.time); });
    events.rows.erase(others.begin(), others.end());
    return beside;
}

constexpr int most_attempts = 5;

Error too_busy(const char* doing) {
    return Error(doing,
                 fmt::format("files of those days were joined during each of {} attempts", most_attempts),
                 "Try it again.");
}

using Cells = std::vector<std::string>;
using RowsByKey = std::map<std::string, Cells>;

std::string cell(const arrow::Array& column, std::int64_t row) {
    constexpr const char* doing = "comparing gold rows";
    if (column.IsNull(row)) return "null";
    const std::string text = storage::value_of(column.GetScalar(row), doing)->ToString();
    return column.type_id() == arrow::Type::STRING ? '"' + text + '"' : text;
}

/// The rows of a batch by their key, with the cells of all other columns.
void add_rows(const arrow::RecordBatch& rows, gold::Table table, RowsByKey& into) {
    const auto& key = gold::table_key(table);
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        std::string name;
        Cells cells;
        for (int c = 0; c < rows.num_columns(); ++c) {
            const std::string& column = rows.schema()->field(c)->name();
            if (std::ranges::find(key, column) == key.end()) {
                cells.push_back(cell(*rows.column(c), i));
            } else {
                name += fmt::format("{}{}={}", name.empty() ? "" : " ", column, cell(*rows.column(c), i));
            }
        }
        into[name] = std::move(cells);
    }
}

}  // namespace

json::object GoldBatchReport::to_json() const {
    return {{"events", events}, {"rows", rows}, {"silver_version", silver_version}, {"seconds", seconds}};
}

json::object GoldBatch::Difference::to_json() const {
    return {{"table", table}, {"row", row}, {"column", column}, {"published", published}, {"batch", batch}};
}

GoldBatch::GoldBatch(const DataDirectory& data, const ShopSettings& settings, base::WorkerPool& pool)
    : data_(data),
      settings_(settings),
      pool_(pool),
      zone_(settings.time_zone),
      silver_(storage::DeltaTable::open(data.silver())),
      lock_(gold_lock(data)),
      alone_(lock_, std::defer_lock) {}

/// Finds out what the speed layer has published; all that silver holds where there is none.
void GoldBatch::look() {
    silver_.refresh();
    const auto state = read_gold_position(data_.gold() / "state.bin");
    const bool stands =
        state && state->silver_id == silver_.snapshot().metadata.id && state->settings == settings_.text();
    published_version_ = stands ? state->silver_version : silver_.snapshot().version;
    watermark_ = stands ? state->watermark : gold::end_of_time;
    if (stands || alone_.owns_lock()) return;
    if (!alone_.try_lock())
        throw Error("recomputing days of Gold", "another process builds Gold anew",
                    "Try again when it is done.");
}

std::optional<DayRange> GoldBatch::all_days() const {
    std::optional<DayRange> days;
    for (const auto& [path, add] : silver_.snapshot().files) {
        const auto date = model::parse_day(storage::partition_value(add, "event_date"));
        if (!date) continue;
        // A UTC day has moments of up to two days elsewhere.
        const std::int64_t first = zone_.day_of(*date * model::us_per_day);
        const std::int64_t last = zone_.day_of((*date + 1) * model::us_per_day - 1);
        days = days ? DayRange{std::min(days->from, first), std::max(days->to, last)} : DayRange{first, last};
    }
    return days;
}

/// Gives out the rows of the days that end at or before the speed layer's watermark, and others, from days
/// beside; calls `progressed` when there may be more. Returns how many events were read.
std::int64_t GoldBatch::compute(DayRange days, gold::Output& output,
                                const std::function<void()>& progressed) {
    const gold::Window wanted{zone_.day_start(days.from), zone_.day_start(days.to + 1) + longest_window};
    const gold::Window read{
        zone_.day_start(days.from - 1) - std::max(settings_.gold.session_gap, settings_.gold.inactivity),
        zone_.day_start(days.to + 2)};
    std::vector<storage::AddFile> files;
    for (const auto& [path, add] : silver_.snapshot().files) {
        const auto date = model::parse_day(storage::partition_value(add, "event_date"));
        if (date && (*date + 1) * model::us_per_day > read.start && *date * model::us_per_day < read.end)
            files.push_back(add);
    }
    gold::Gold gold(zone_, settings_.gold, [this](auto tasks) { pool_.run_all(std::move(tasks)); });
    std::int64_t events = 0;
    const auto take = [&](gold::Events& rows, Timestamp left) {
        events += static_cast<std::int64_t>(rows.rows.size());
        const auto beside = cut(rows, read, wanted);
        gold.add_to_sessions(beside);
        gold.add(rows, std::min(left, watermark_), output);
        gold.tidy();
        progressed();
    };
    read_silver_rows(silver_.root(), files, gold.strings(), pool_, take);
    gold.close(watermark_, output);
    return events;
}

/// The day after the last one of which no session can be open any more.
std::int64_t GoldBatch::sealed_end() const {
    if (watermark_ == gold::end_of_time) return std::numeric_limits<std::int64_t>::max();
    return watermark_ == gold::no_watermark ? 0 : zone_.day_of(watermark_) - 1;
}

GoldBatchReport GoldBatch::replace(DayRange days, const base::StopSignal& stop) {
    const base::Stopwatch watch;
    GoldWriter writer(data_, pool_);
    GoldBatchReport report;
    for (std::int64_t from = days.from; from <= days.to; from += days_at_once) {
        if (stop.requested())
            throw Error("recomputing days of Gold", "it was stopped",
                        fmt::format("Days before {} are done; go on from there.", model::format_day(from)));
        const DayRange some{from, std::min(days.to, from + days_at_once - 1)};
        bool replaced = false;
        for (int attempt = 0; !replaced; ++attempt) {
            if (attempt == most_attempts) throw too_busy("recomputing days of Gold");
            look();
            GoldWriter::Replacement replacement{.from = some.from,
                                                .to = some.to + 1,
                                                .sessions_to = sealed_end(),
                                                .silver_version = published_version_,
                                                .provisional_too = watermark_ == gold::end_of_time};
            gold::Output output;
            report.events += compute(some, output, [&] { writer.write(replacement, output, rows_at_once); });
            writer.write(replacement, output, 1);
            replaced = writer.replace(replacement);
            report.rows += replaced ? replacement.rows : 0;
        }
        report.silver_version = published_version_;
    }
    report.seconds = watch.seconds();
    return report;
}

/// False when rows that were published later are joined with those of these days.
bool GoldBatch::compare(gold::Table table, DayRange days, gold::Output& output, std::size_t limit,
                        std::vector<Difference>& found) const {
    const auto root = data_.gold() / gold::table_name(table);
    const auto of_batch = output[table].take();
    const auto published = storage::DeltaTable::open(root);
    const auto& key = gold::table_key(table);
    std::vector<std::string> columns = gold::table_layout(table).schema->field_names();
    std::erase_if(columns,
                  [&](const std::string& name) { return std::ranges::find(key, name) != key.end(); });
    const std::int64_t end = gold::is_of_sessions(table) ? std::min(days.to + 1, sealed_end()) : days.to + 1;
    for (std::int64_t day = days.from; day < end; ++day) {
        RowsByKey theirs;
        RowsByKey ours;
        for (const auto& [path, add] : published.snapshot().files) {
            if (storage::partition_value(add, "day") != model::format_day(day)) continue;
            const GoldFile file = gold_file(path);
            const bool later = file.version > published_version_;
            if (later && file.kind == GoldFile::Kind::joined) return false;
            // Windows that the stage holds open are left to it.
            if (later || (file.is_provisional() && watermark_ != gold::end_of_time)) continue;
            storage::scan_parquet(root / path, {},
                                  [&](const arrow::RecordBatch& rows) { add_rows(rows, table, theirs); });
        }
        if (const auto rows = of_batch.find(day); rows != of_batch.end())
            add_rows(*rows->second, table, ours);
        RowsByKey all = theirs;
        all.insert(ours.begin(), ours.end());
        for (const auto& [row, any] : all) {
            const auto here = theirs.find(row);
            const auto there = ours.find(row);
            for (std::size_t c = 0; c < columns.size() && found.size() < limit; ++c) {
                const std::string left = here == theirs.end() ? "" : here->second[c];
                const std::string right = there == ours.end() ? "" : there->second[c];
                if (left != right)
                    found.push_back({std::string(gold::table_name(table)), row, columns[c], left, right});
            }
        }
    }
    return true;
}

std::vector<GoldBatch::Difference> GoldBatch::reconcile(DayRange days, std::size_t limit) {
    std::vector<Difference> found;
    for (std::int64_t from = days.from; from <= days.to; from += days_at_once) {
        const DayRange some{from, std::min(days.to, from + days_at_once - 1)};
        const std::vector<Difference> before = found;
        bool compared = false;
        for (int attempt = 0; !compared; ++attempt) {
            if (attempt == most_attempts) throw too_busy("comparing days of Gold");
            look();
            found = before;
            gold::Output output;
            (void)compute(some, output, [] {});
            compared = std::ranges::all_of(gold::metric_tables, [&](gold::Table table) {
                return compare(table, some, output, limit, found);
            });
        }
    }
    return found;
}

}  // namespace millrace::pipeline
