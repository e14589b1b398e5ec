#include "silver/silver_table.h"

#include <arrow/api.h>

#include <algorithm>

#include "model/money.h"

namespace millrace::silver {

namespace {

std::shared_ptr<arrow::Field> required(const char* name, std::shared_ptr<arrow::DataType> type) {
    return arrow::field(name, std::move(type), false);
}
std::shared_ptr<arrow::Field> optional(const char* name, std::shared_ptr<arrow::DataType> type) {
    return arrow::field(name, std::move(type), true);
}
std::shared_ptr<arrow::DataType> timestamp_us() {
    return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

std::shared_ptr<arrow::Schema> without_partition_columns(const arrow::Schema& schema) {
    arrow::FieldVector fields;
    for (const auto& field : schema.fields()) {
        if (std::ranges::find(silver_partition_columns(), field->name()) ==
            silver_partition_columns().end()) {
            fields.push_back(field);
        }
    }
    return arrow::schema(std::move(fields));
}

}  // namespace

std::shared_ptr<arrow::DataType> quantity_type() {
    return arrow::decimal128(18, 3);
}

std::shared_ptr<arrow::DataType> money_type() {
    return arrow::decimal128(38, model::money_scale);
}

std::shared_ptr<arrow::Schema> silver_schema() {
    using arrow::boolean, arrow::float64, arrow::int32, arrow::int64, arrow::utf8;
    static const auto schema = arrow::schema({
        required("event_id", utf8()),
        required("user_id", utf8()),
        optional("product_id", utf8()),
        required("event_type", utf8()),
        required("event_timestamp", timestamp_us()),
        optional("session_id", utf8()),
        optional("product_category", utf8()),
        optional("device_type", utf8()),
        optional("page_url", utf8()),
        optional("price", float64()),
        optional("kafka_key", utf8()),
        optional("partition", int32()),
        optional("offset", int64()),
        optional("kafka_timestamp", timestamp_us()),
        required("processing_timestamp", timestamp_us()),
        required("is_high_value", boolean()),
        required("event_date", utf8()),
        required("event_hour", int32()),
        optional("quantity", int32()),
        optional("order_id", utf8()),
        optional("currency", utf8()),
        optional("log_epoch", int32()),
        optional("user_agent", utf8()),
        optional("referrer", utf8()),
        optional("is_bot", boolean()),
        optional("format", utf8()),
        optional("record_index", int32()),
        optional("anonymous_id", utf8()),
        optional("received_at", timestamp_us()),
        optional("device_timestamp", timestamp_us()),
        optional("product_name", utf8()),
        optional("brand", utf8()),
        optional("coupon", utf8()),
        optional("discount", float64()),
        optional("utm_source", utf8()),
        optional("utm_medium", utf8()),
        optional("utm_campaign", utf8()),
        optional("quantity_exact", quantity_type()),
        optional("line_total", money_type()),
        optional("properties", utf8()),
        optional("line_number", int64()),
        optional("order_total", money_type()),
        optional("order_discount", money_type()),
        optional("order_shipping", money_type()),
        optional("order_tax", money_type()),
        optional("order_refused", int64()),
    });
    return schema;
}

const std::vector<std::string>& silver_partition_columns() {
    static const std::vector<std::string> columns = {"event_date", "event_type"};
    return columns;
}

const storage::ParquetLayout& silver_layout() {
    static const storage::ParquetLayout layout = {
        .schema = without_partition_columns(*silver_schema()),
        .plain = {"event_id", "properties", "partition", "log_epoch", "record_index"},
        .delta_encoded = {"event_timestamp", "offset", "kafka_timestamp"},
        .without_stats = {"session_id", "product_category", "device_type", "page_url", "kafka_key",
                          "order_id", "currency", "user_agent", "referrer", "format", "anonymous_id",
                          "product_name", "brand", "coupon", "utm_source", "utm_medium", "utm_campaign",
                          "properties"},
    };
    return layout;
}

std::shared_ptr<arrow::Schema> quarantine_schema() {
    using arrow::binary, arrow::int32, arrow::int64, arrow::utf8;
    static const auto schema = arrow::schema({
        required("topic", utf8()),
        required("partition", int32()),
        required("offset", int64()),
        required("log_epoch", int32()),
        required("kafka_timestamp", timestamp_us()),
        optional("kafka_key", binary()),
        optional("value", binary()),
        optional("headers", binary()),
        required("rule", utf8()),
        optional("field", utf8()),
        required("message", utf8()),
        required("quarantined_at", timestamp_us()),
        optional("format", utf8()),
        optional("record_index", int32()),
    });
    return schema;
}

const storage::ParquetLayout& quarantine_layout() {
    static const storage::ParquetLayout layout = {
        .schema = quarantine_schema(), .plain = {"value"}, .delta_encoded = {"offset"}, .without_stats = {}};
    return layout;
}

}  // namespace millrace::silver
