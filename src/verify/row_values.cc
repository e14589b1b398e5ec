#include "verify/row_values.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "model/event.h"
#include "model/timestamp.h"
#include "silver/check.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/file_stats.h"

namespace millrace::verify {

using storage::column;

void check_nulls(const arrow::RecordBatch& rows, const std::string& path, Finding& finding) {
    for (const auto& field : silver::silver_layout().schema->fields()) {
        const auto values = rows.GetColumnByName(field->name());
        finding.require(values != nullptr || field->nullable(),
                        [&] { return fmt::format("{} has no column {}", path, field->name()); });
        if (values == nullptr || field->nullable()) continue;
        finding.require(values->null_count() == 0, [&] {
            return fmt::format("{} has {} rows without {}", path, values->null_count(), field->name());
        });
    }
}

void check_values(const arrow::RecordBatch& rows, const storage::AddFile& add,
                  const model::RuleOptions& rules, Finding& finding) {
    const auto day = model::parse_day(storage::partition_value(add, "event_date"));
    const auto type = storage::partition_value(add, "event_type");
    const bool needs_product = model::is_known_type(type);
    const bool needs_price = silver::needs_price(type, rules);
    const auto& ids = column<arrow::StringArray>(rows, "event_id");
    const auto& times = column<arrow::TimestampArray>(rows, "event_timestamp");
    const auto& products = column<arrow::StringArray>(rows, "product_id");
    const auto& prices = column<arrow::DoubleArray>(rows, "price");
    const auto& high_value = column<arrow::BooleanArray>(rows, "is_high_value");
    const auto& hours = column<arrow::Int32Array>(rows, "event_hour");
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        const bool priced = prices.IsValid(i);
        const double price = priced ? prices.Value(i) : 0;
        const auto at = [&](std::string_view what) {
            return fmt::format("{}: event {} {}", add.path, ids.GetView(i), what);
        };
        const model::Timestamp time = model::from_us(times.Value(i));
        finding.require(day && model::day_of(time) == *day, [&] { return at("is not of its event_date"); });
        finding.require(model::hour_of(time) == hours.Value(i), [&] { return at("has another event_hour"); });
        finding.require(!needs_product || products.IsValid(i), [&] { return at("has no product_id"); });
        finding.require(!needs_price || priced, [&] { return at("has no price"); });
        finding.require(!priced || silver::is_valid_price(price, rules),
                        [&] { return at(fmt::format("has the price {}", price)); });
        finding.require(high_value.Value(i) == (price > model::high_value_price),
                        [&] { return at("has a wrong is_high_value"); });
    }
}

}  // namespace millrace::verify
