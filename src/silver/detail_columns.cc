#include "silver/detail_columns.h"

#include <arrow/api.h>

#include "silver/silver_table.h"
#include "storage/arrow_status.h"

namespace millrace::silver {

namespace {

constexpr const char* building_details = "building a column";

std::shared_ptr<arrow::Array> nulls_of(const std::shared_ptr<arrow::DataType>& type, std::size_t rows) {
    return storage::value_of(arrow::MakeArrayOfNull(type, static_cast<std::int64_t>(rows)), building_details);
}

std::shared_ptr<arrow::Array> text_array(const DictionaryColumn& column, std::size_t rows) {
    return column.rows() == 0 ? nulls_of(arrow::utf8(), rows) : column.array();
}

template <typename Value>
std::shared_ptr<arrow::Array> number_array(const std::shared_ptr<arrow::DataType>& type,
                                           const SparseColumn<Value>& column, std::size_t rows) {
    if (column.is_empty()) return nulls_of(type, rows);
    return arrow::MakeArray(arrow::ArrayData::Make(
        type, static_cast<std::int64_t>(rows),
        {validity_bitmap(column.nulls(), rows), arrow::Buffer::Wrap(column.values())}));
}

/// Arrow's decimals are 128-bit integers in the byte order of the machine, as model::Money is.
std::shared_ptr<arrow::Array> quantity_array(const SparseColumn<std::int64_t>& column, std::size_t rows) {
    const auto type = quantity_type();
    if (column.is_empty()) return nulls_of(type, rows);
    arrow::Decimal128Builder builder(type);
    std::size_t null = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        const bool is_null = null < column.nulls().size() && column.nulls()[null] == row;
        null += is_null ? 1 : 0;
        storage::check(
            is_null ? builder.AppendNull() : builder.Append(arrow::Decimal128(column.values()[row])),
            building_details);
    }
    return storage::value_of(builder.Finish(), building_details);
}

}  // namespace

void DetailColumns::append_text(DictionaryColumn& column, const std::optional<std::string_view>& value,
                                std::size_t row) {
    if (!value && column.rows() == 0) return;
    while (column.rows() < row) column.append_null();
    if (value) {
        column.append(*value);
    } else {
        column.append_null();
    }
}

void DetailColumns::append(const model::EventDetails& details, std::size_t row) {
    has_rows_ = true;
    append_text(anonymous_ids_, details.anonymous_id, row);
    append_text(product_names_, details.product_name, row);
    append_text(brands_, details.brand, row);
    append_text(coupons_, details.coupon, row);
    append_text(utm_sources_, details.utm_source, row);
    append_text(utm_mediums_, details.utm_medium, row);
    append_text(utm_campaigns_, details.utm_campaign, row);
    append_text(properties_, details.properties, row);
    received_.append(details.received_at, row);
    device_times_.append(details.device_timestamp, row);
    quantities_.append(details.quantity_thousandths, row);
    discounts_.append(details.discount, row);
    line_totals_.append(details.line_total, row);
}

void DetailColumns::clear() {
    has_rows_ = false;
    for (DictionaryColumn* column : {&anonymous_ids_, &product_names_, &brands_, &coupons_, &utm_sources_,
                                     &utm_mediums_, &utm_campaigns_, &properties_}) {
        if (column->rows() > 0) column->clear();
    }
    for (auto* column : {&received_, &device_times_}) column->clear();
    quantities_.clear();
    discounts_.clear();
    line_totals_.clear();
}

arrow::ArrayVector DetailColumns::arrays(std::size_t rows) const {
    const auto us = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    static_assert(sizeof(model::Timestamp) == sizeof(std::int64_t));
    static_assert(sizeof(model::Money) == sizeof(arrow::Decimal128));
    return {text_array(anonymous_ids_, rows),
            number_array(us, received_, rows),
            number_array(us, device_times_, rows),
            text_array(product_names_, rows),
            text_array(brands_, rows),
            text_array(coupons_, rows),
            number_array(arrow::float64(), discounts_, rows),
            text_array(utm_sources_, rows),
            text_array(utm_mediums_, rows),
            text_array(utm_campaigns_, rows),
            quantity_array(quantities_, rows),
            number_array(line_total_type(), line_totals_, rows),
            text_array(properties_, rows)};
}

}  // namespace millrace::silver
