#include "verify/gold_hours.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/units.h"
#include "base/worker_pool.h"
#include "gold/gold_tables.h"
#include "gold/order_ledger.h"
#include "gold/stage/gold_file.h"
#include "gold/stage/gold_status.h"
#include "gold/stage/silver_reader.h"
#include "gold/state/window.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::verify {

namespace {

using storage::column;

constexpr int max_attempts = 5;

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

/// The hours of silver's rows.
Hours silver_hours(const catalog::DataDirectory& data) {
    const auto silver = storage::DeltaTable::open(data.silver());
    std::vector<storage::AddFile> files;
    for (const auto& [path, add] : silver.snapshot().files) files.push_back(add);
    const model::TimeZone utc("UTC");
    base::WorkerPool pool;
    gold::Strings strings;
    gold::OrderLedger ledger(strings, data.settings().gold.order_repeats);
    Hours hours;
    const auto add = [&](const std::vector<gold::Event>& events) {
        for (const gold::Event& event : events) {
            const auto start = gold::window_at(gold::Grain::hour, event.time, utc).start;
            const HourKey key{start, std::string(strings.value(gold::Field::currency, event.currency))};
            Hour& hour = hours[key];
            ++hour.events;
            if (event.kind == gold::Kind::purchase) hour.gross += event.amount();
        }
    };
    gold::read_silver_rows(silver.root(), files, strings, pool,
                           [&](gold::Events& events, gold::Timestamp left) {
                               (void)ledger.hold(events.rows);
                               add(events.rows);
                               add(ledger.settle(left));
                           });
    add(ledger.settle(gold::end_of_time));
    return hours;
}

/// The number of rows that silver has beyond a position of Gold. Nothing when silver has other rows in place
/// of those that Gold has processed.
std::optional<std::int64_t> rows_beyond(const gold::GoldPosition& position,
                                        const catalog::DataDirectory& data) {
    const auto silver = storage::DeltaTable::open(data.silver());
    if (position.silver_id != silver.snapshot().metadata.id) return std::nullopt;
    std::int64_t rows = 0;
    for (storage::Version version = position.silver_version + 1; version <= silver.snapshot().version;
         ++version) {
        const auto commit = silver.read_commit(version);
        if (!commit || commit->removes_data()) return std::nullopt;
        for (const storage::AddFile& add : commit->adds) {
            if (add.data_change) rows += storage::FileStats(add).rows().value_or(0);
        }
    }
    return rows;
}

/// Compares hour by hour, and counts the events that Gold may lack.
class Comparison {
  public:
    explicit Comparison(const ComparedHours& hours) : hours_(hours) {
        for (const auto& [key, hour] : hours.published) compare(key, &hour);
        for (const auto& [key, hour] : hours.silver) {
            if (!hours.published.contains(key)) compare(key, nullptr);
        }
        for (const auto& [day, lacking] : lacking_) judge_late(day, lacking);
        if (not_processed_ > hours.rows_ahead) fault(first_not_processed_);
    }

    void report(VerifyReport& report) const {
        if (!fault_.empty()) {
            report.checks.push_back({"gold against silver", false, fault_});
            return;
        }
        report.checks.push_back(
            {"gold against silver", true,
             fmt::format("{} of {} compared: silver's events and revenue in each",
                         base::format_counted(compared_, "hour"),
                         base::format_counted(static_cast<std::int64_t>(days_.size()), "day"))});
        if (late_ > 0)
            report.notes.push_back(fmt::format(
                "gold: {} came after their hour was closed. Gold corrects these days while it runs, "
                "or with millrace gold --available-now: {}",
                base::format_counted(late_, "event"), hours_.late.text(gold::TableGroup::windows)));
        if (not_processed_ > 0)
            report.notes.push_back(
                fmt::format("gold: {} not processed yet; to process them: millrace gold --available-now",
                            base::format_counted(not_processed_, "event")));
        if (const auto sessions = hours_.late.text(gold::TableGroup::sessions); !sessions.empty())
            report.notes.push_back(fmt::format(
                "gold: sessions, funnels and the channels of orders with late events are corrected after "
                "the second midnight of their day: {}",
                sessions));
    }

  private:
    /// What the closed hours of a day lack that has late events.
    struct Lacking {
        std::int64_t events = 0;
        HourKey first;  // the first such hour
    };

    void compare(const HourKey& key, const Hour* published) {
        const bool closed = key.first + std::chrono::hours(1) <= hours_.watermark;
        if (published == nullptr && !closed) return;
        ++compared_;
        const std::int64_t day = hours_.zone.day_of(key.first);
        days_.insert(day);
        const Hour gold = published == nullptr ? Hour() : *published;
        const Hour silver = silver_of(key);
        if (gold.events == silver.events) {
            // A late line of an order may have made a line of this hour a repeat.
            const bool late = hours_.late.of(gold::TableGroup::windows).contains(day);
            if (gold.gross != silver.gross && !late && hours_.rows_ahead == 0) fault(key);
        } else if (gold.events > silver.events) {
            fault(key);
        } else if (closed && !gold.provisional && hours_.late.of(gold::TableGroup::windows).contains(day)) {
            Lacking& lacking = lacking_[day];
            if (lacking.events == 0) lacking.first = key;
            lacking.events += silver.events - gold.events;
        } else {
            add_not_processed(key, silver.events - gold.events);
        }
    }
    /// The hours of a day may lack its late events, and those of the next day where an hour has parts of
    /// both.
    void judge_late(std::int64_t day, const Lacking& lacking) {
        const auto& noted = hours_.late.of(gold::TableGroup::windows);
        std::int64_t late = noted.at(day).events;
        const bool divided =
            hours_.zone.day_start(day + 1).time_since_epoch() % std::chrono::hours(1) != base::Duration(0);
        if (const auto next = noted.find(day + 1); divided && next != noted.end())
            late += next->second.events;
        late_ += std::min(lacking.events, late);
        if (lacking.events > late) add_not_processed(lacking.first, lacking.events - late);
    }
    void add_not_processed(const HourKey& key, std::int64_t events) {
        if (not_processed_ == 0) first_not_processed_ = key;
        not_processed_ += events;
    }
    [[nodiscard]] Hour silver_of(const HourKey& key) const {
        const auto found = hours_.silver.find(key);
        return found == hours_.silver.end() ? Hour() : found->second;
    }
    void fault(const HourKey& key) {
        if (!fault_.empty()) return;
        const auto found = hours_.published.find(key);
        const Hour gold = found == hours_.published.end() ? Hour() : found->second;
        const Hour silver = silver_of(key);
        fault_ = fmt::format(
            "the hour from {}, {}: gold has {} events worth {:.4f}, silver {} worth {:.4f}; recompute the "
            "day "
            "with: millrace gold --batch --from {} --to {}",
            model::format_timestamp(key.first), key.second, gold.events, model::to_double(gold.gross),
            silver.events, model::to_double(silver.gross), model::format_day(hours_.zone.day_of(key.first)),
            model::format_day(hours_.zone.day_of(key.first)));
    }

    const ComparedHours& hours_;
    std::string fault_;  // the first fault
    std::int64_t compared_ = 0;
    std::set<std::int64_t> days_;
    std::map<std::int64_t, Lacking> lacking_;  // by day
    std::int64_t late_ = 0;
    std::int64_t not_processed_ = 0;
    HourKey first_not_processed_;
};

}  // namespace

void compare_hours(const ComparedHours& hours, VerifyReport& report) {
    Comparison(hours).report(report);
}

namespace {

/// Each of Gold's position, Gold's tables, silver and the rows beyond the position is read after the one
/// before, so that it is at least as new. Nothing when commits after the position were removed meanwhile.
std::optional<ComparedHours> read_hours(const catalog::DataDirectory& data,
                                        const gold::GoldPosition& position) {
    ComparedHours hours{.watermark = position.watermark,
                        .late = gold::late_days(data),
                        .zone = model::TimeZone(data.settings().time_zone)};
    hours.published = published_hours(data);
    hours.silver = silver_hours(data);
    const auto ahead = rows_beyond(position, data);
    if (!ahead) return std::nullopt;
    hours.rows_ahead = *ahead;
    return hours;
}

}  // namespace

/// A live shop removes replaced files and commits that Gold has processed. Then everything is read again
/// from its newer position.
void check_gold_hours(const catalog::DataDirectory& data, VerifyReport& report) {
    for (int attempt = 1;; ++attempt) {
        const auto position = gold::read_gold_position(data.gold_state());
        if (!position || !rows_beyond(*position, data)) {
            report.notes.emplace_back(
                "gold: silver has been rebuilt since; millrace gold --available-now rebuilds Gold");
            return;
        }
        try {
            if (const auto hours = read_hours(data, *position)) return compare_hours(*hours, report);
        } catch (const std::exception&) {
            const auto now = gold::read_gold_position(data.gold_state());
            const bool goes_on = now && now->silver_version > position->silver_version;
            if (!goes_on || attempt == max_attempts) throw;
        }
        if (attempt == max_attempts)
            throw Error(
                "comparing gold with silver",
                fmt::format("commits of silver were removed during each of {} attempts", max_attempts),
                "Verify a backup of the shop instead: millrace backup DIR");
    }
}

}  // namespace millrace::verify
