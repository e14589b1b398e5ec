#include "python/metrics.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <utility>

#include "base/error.h"
#include "gold/gold_tables.h"
#include "gold/order_ledger.h"
#include "gold/silver_rows.h"
#include "gold/stage/gold.h"
#include "silver/silver_table.h"
#include "storage/arrow_status.h"
#include "storage/column.h"

namespace millrace::python {

namespace {

constexpr auto computing = "computing metrics";

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

/// The columns of the silver table that the rows have, of its types.
std::shared_ptr<arrow::RecordBatch> as_silver(const arrow::RecordBatch& rows) {
    arrow::FieldVector fields;
    for (const auto& field : silver::silver_schema()->fields()) {
        if (rows.GetColumnByName(field->name())) fields.push_back(field);
    }
    return with_schema(rows, arrow::schema(std::move(fields)));
}

}  // namespace

/// The events, and the strings that they refer to.
class Metrics::Computation {
  public:
    Computation(const model::TimeZone& zone, const model::GoldOptions& options, base::WorkerPool& pool)
        : pool_(pool),
          gold_(zone, options, [&pool](auto tasks) { pool.run_all(std::move(tasks)); }),
          ledger_(gold_.strings(), options.order_repeats) {}

    void add(const std::shared_ptr<arrow::RecordBatch>& rows) {
        const auto parts = by_type(as_silver(*rows));
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
        (void)ledger_.hold(events_.rows);
        const gold::EventProgress end{.watermark = gold::end_of_time, .clock = gold::no_watermark};
        gold_.add(events_, ledger_.settle(gold::end_of_time), end, output);
    }

  private:
    base::WorkerPool& pool_;
    gold::Gold gold_;
    gold::OrderLedger ledger_;
    gold::Events events_;
};

Metrics::Metrics(const std::string& time_zone, const model::GoldOptions& options)
    : zone_(time_zone),
      options_(options),
      computation_(std::make_unique<Computation>(zone_, options_, pool_)) {}

Metrics::~Metrics() = default;

void Metrics::add(const std::vector<std::shared_ptr<arrow::RecordBatch>>& silver) {
    for (const auto& rows : silver) computation_->add(rows);
}

std::map<std::string, Rows> Metrics::finish() {
    gold::Output output;
    computation_->finish(output);
    computation_ = std::make_unique<Computation>(zone_, options_, pool_);
    std::map<std::string, Rows> tables;
    for (const gold::Table table : gold::metric_tables) {
        const auto schema = gold::table_schema(table);
        std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
        for (const auto& [day, rows] : output[table].take()) {
            const auto days = storage::value_of(
                arrow::MakeArrayFromScalar(arrow::StringScalar(model::format_day(day)), rows->num_rows()),
                computing);
            const auto with_day = storage::value_of(
                rows->AddColumn(rows->num_columns(), schema->fields().back(), days), computing);
            batches.push_back(with_schema(*with_day, schema));
        }
        tables.emplace(gold::table_name(table), Rows(schema, std::move(batches)));
    }
    return tables;
}

}  // namespace millrace::python
