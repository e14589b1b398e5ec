#include "gold/output.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "storage/arrow_memory.h"
#include "storage/arrow_status.h"

namespace millrace::gold {

namespace {

constexpr const char* doing = "building gold rows";
constexpr std::int64_t max_capacity = 16'384;

arrow::Decimal128 decimal(model::Money money) {
    return {static_cast<std::int64_t>(money >> 64), static_cast<std::uint64_t>(money)};
}

}  // namespace

template <typename Builder>
Builder& Row::next() {
    return static_cast<Builder&>(*builder_.GetField(column_++));
}

Row& Row::text(std::string_view value) {
    storage::check(next<arrow::StringBuilder>().Append(value), doing);
    return *this;
}

Row& Row::text_or_null(std::string_view value) {
    auto& builder = next<arrow::StringBuilder>();
    storage::check(value.empty() ? builder.AppendNull() : builder.Append(value), doing);
    return *this;
}

Row& Row::count(std::int64_t value) {
    return count_or_null(value);
}

Row& Row::count_or_null(std::optional<std::int64_t> value) {
    auto& builder = next<arrow::Int64Builder>();
    storage::check(value ? builder.Append(*value) : builder.AppendNull(), doing);
    return *this;
}

Row& Row::time(model::Timestamp value) {
    return time_or_null(value);
}

Row& Row::time_or_null(std::optional<model::Timestamp> value) {
    auto& builder = next<arrow::TimestampBuilder>();
    storage::check(value ? builder.Append(model::to_us(*value)) : builder.AppendNull(), doing);
    return *this;
}

Row& Row::number(double value) {
    storage::check(next<arrow::DoubleBuilder>().Append(value), doing);
    return *this;
}

Row& Row::rate(double part, double whole) {
    auto& builder = next<arrow::DoubleBuilder>();
    storage::check(whole == 0 ? builder.AppendNull() : builder.Append(part / whole), doing);
    return *this;
}

Row& Row::money(model::Money value) {
    return money_or_null(value);
}

Row& Row::money_or_null(std::optional<model::Money> value) {
    auto& builder = next<arrow::Decimal128Builder>();
    storage::check(value ? builder.Append(decimal(*value)) : builder.AppendNull(), doing);
    return *this;
}

Row& Row::flag(bool value) {
    storage::check(next<arrow::BooleanBuilder>().Append(value), doing);
    return *this;
}

Row TableRows::add(std::int64_t day) {
    auto& builder = days_[day];
    if (!builder) {
        builder = storage::value_of(arrow::RecordBatchBuilder::Make(table_layout(table_).schema,
                                                                    storage::throwing_memory_pool(), usual_),
                                    doing);
    }
    ++size_;
    return Row(*builder);
}

void TableRows::put(std::int64_t day, std::shared_ptr<arrow::RecordBatch> rows) {
    size_ += rows->num_rows();
    ready_[day] = std::move(rows);
}

std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>> TableRows::take() {
    auto taken = std::exchange(ready_, {});
    usual_ = min_capacity;
    for (const auto& [day, builder] : days_) {
        taken[day] = storage::value_of(builder->Flush(/*reset_builders=*/false), doing);
        usual_ = std::clamp(taken[day]->num_rows(), usual_, max_capacity);
    }
    days_.clear();
    size_ = 0;
    return taken;
}

void write_alert(const model::Alert& alert, Row row) {
    row.count(alert.sequence.value())
        .text(alert.id)
        .text(alert.rule)
        .text_or_null(alert.subject)
        .text(model::state_name(alert.state))
        .text(model::severity_name(alert.severity))
        .time(alert.at)
        .time(alert.started_at)
        .number(alert.value)
        .number(alert.threshold)
        .text(alert.message)
        .text_or_null(alert.unit);
}

std::int64_t Output::size() const {
    std::int64_t size = 0;
    for (const TableRows& rows : tables_) size += rows.size();
    return size;
}

}  // namespace millrace::gold
