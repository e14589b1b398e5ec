#include "python/gold_tables.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "gold/gold_tables.h"
#include "gold/order_ledger.h"
#include "gold/silver_rows.h"
#include "gold/stage/gold.h"
#include "silver/silver_table.h"
#include "storage/arrow_status.h"
#include "storage/column.h"
#include "storage/typed_column.h"

namespace millrace::python {

namespace {

constexpr auto computing = "computing the tables of Gold";
constexpr std::ptrdiff_t events_at_once = 100'000;
constexpr model::Timestamp earliest{};
constexpr model::Timestamp latest{std::chrono::sys_days(std::chrono::year(2200) / 1 / 1).time_since_epoch()};

/// Divides rows by their event type.
std::vector<std::pair<std::string, std::shared_ptr<arrow::RecordBatch>>> by_type(
    const std::shared_ptr<arrow::RecordBatch>& rows) {
    const auto& types = storage::column<arrow::StringArray>(*rows, "event_type");
    std::map<std::string_view, arrow::Int64Builder> places;
    for (std::int64_t row = 0; row < rows->num_rows(); ++row)
        storage::check(places[types.GetView(row)].Append(row), computing);
    std::vector<std::pair<std::string, std::shared_ptr<arrow::RecordBatch>>> parts;
    for (auto& [type, builder] : places) {
        if (places.size() == 1) {
            parts.emplace_back(type, rows);
            break;
        }
        const auto indices = storage::value_of(builder.Finish(), computing);
        const auto taken = storage::value_of(arrow::compute::Take(rows, indices), computing);
        parts.emplace_back(type, taken.record_batch());
    }
    return parts;
}

/// Columns without which an event is none.
constexpr std::array<std::string_view, 4> required = {"event_id", "event_type", "user_id", "event_timestamp"};
/// Columns that only tell how far a log has come.
constexpr std::array<std::string_view, 2> of_the_log = {"partition", "kafka_timestamp"};

/// Checks a column, which is null where there is none. Returns whether it is read.
bool is_read(const arrow::Field& field, const std::shared_ptr<arrow::Array>& column) {
    const bool is_required = std::ranges::find(required, field.name()) != required.end();
    if (!column && is_required)
        throw Error(computing, fmt::format("there is no column {}", field.name()),
                    "Give rows with the silver table's columns.");
    if (!column) return std::ranges::find(of_the_log, field.name()) != of_the_log.end();
    if (!storage::is_same_kind(*column->type(), *field.type()))
        throw Error(computing,
                    fmt::format("the column {} has the type {}", field.name(), column->type()->ToString()),
                    fmt::format("Give it as {}.", field.type()->ToString()));
    if (is_required && column->null_count() > 0)
        throw Error(computing, fmt::format("the column {} has null values", field.name()));
    const auto is_among = [&](const std::vector<std::string>& names) {
        return std::ranges::find(names, field.name()) != names.end();
    };
    return is_required || is_among(gold::event_columns()) || is_among(gold::order_columns());
}

/// Throws an Error for a time of which there are no windows.
void check_times(const arrow::RecordBatch& rows) {
    const auto& times = storage::column<arrow::TimestampArray>(rows, "event_timestamp");
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
        const model::Timestamp time = storage::time_at(times, row);
        if (time < earliest || time >= latest)
            throw Error(computing, "an event_timestamp is before 1970 or after 2200",
                        "Leave such rows out: the silver stage refuses them.");
    }
}

/// The columns that the operators read, of the silver table's types.
std::shared_ptr<arrow::RecordBatch> as_silver(const arrow::RecordBatch& rows) {
    arrow::FieldVector fields;
    for (const auto& field : silver::silver_schema()->fields()) {
        if (is_read(*field, rows.GetColumnByName(field->name()))) fields.push_back(field);
    }
    auto silver = with_schema(rows, arrow::schema(std::move(fields)));
    check_times(*silver);
    return silver;
}

}  // namespace

/// The events, and the strings that they refer to.
class GoldTables::Computation {
  public:
    Computation(const model::TimeZone& zone, const model::GoldOptions& options, base::WorkerPool& pool)
        : pool_(pool),
          gold_(zone, options, [&pool](auto tasks) { pool.run_all(std::move(tasks)); }),
          ledger_(gold_.strings(), options.order_repeats) {}

    void add(const arrow::RecordBatch& rows) {
        const auto parts = by_type(as_silver(rows));
        std::vector<gold::SilverRows> silver;
        silver.reserve(parts.size());
        for (const auto& [type, batch] : parts) silver.push_back({batch, type});
        gold::read_events(silver, gold_.strings(), pool_, events_);
    }

    void finish(gold::Output& output) {
        gold::Visitors& visitors = gold_.visitors();
        visitors.learn(events_.links);
        visitors.saw(events_.rows);
        visitors.name(events_.rows);
        // In the order of time, so that few windows are open at once.
        std::ranges::sort(events_.rows, {}, &gold::Event::time);
        gold::Events some{.rows = {}, .links = std::move(events_.links), .clocks = {}};
        for (auto from = events_.rows.begin(); from != events_.rows.end() || !some.links.empty();) {
            const auto to = from + std::min(events_at_once, events_.rows.end() - from);
            const gold::Timestamp left = to == events_.rows.end() ? gold::end_of_time : to->time;
            some.rows.assign(from, to);
            (void)ledger_.hold(some.rows);
            gold_.add(some, ledger_.settle(gold::settled_before(left)),
                      {.watermark = left, .clock = gold::no_watermark}, output);
            some.links.clear();
            from = to;
        }
    }

  private:
    base::WorkerPool& pool_;
    gold::Gold gold_;
    gold::OrderLedger ledger_;
    gold::Events events_;
};

GoldTables::GoldTables(const std::string& time_zone, const model::GoldOptions& options)
    : zone_(time_zone),
      options_(options),
      computation_(std::make_unique<Computation>(zone_, options_, pool_)) {}

GoldTables::~GoldTables() = default;

void GoldTables::add(const arrow::RecordBatch& silver) {
    computation_->add(silver);
}

std::map<std::string, Rows> GoldTables::finish() {
    gold::Output output;
    computation_->finish(output);
    computation_ = std::make_unique<Computation>(zone_, options_, pool_);
    std::map<std::string, Rows> tables;
    for (const gold::Table table : gold::metric_tables) {
        const auto schema = gold::table_schema(table);
        std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
        for (const auto& [day, rows] : output[table].take()) {
            const auto with_day =
                with_constant(*rows, schema->fields().back(), arrow::StringScalar(model::format_day(day)));
            batches.push_back(with_schema(*with_day, schema));
        }
        tables.emplace(gold::table_name(table), Rows(schema, std::move(batches)));
    }
    return tables;
}

}  // namespace millrace::python
