#include "silver/event_columns.h"

#include <arrow/api.h>

#include <algorithm>
#include <iterator>

#include "base/base64.h"
#include "silver/decoder.h"
#include "silver/silver_table.h"
#include "storage/arrow_status.h"

namespace millrace::silver {

namespace {

constexpr const char* building_column = "building a column";

template <typename Value>
std::shared_ptr<arrow::Array> numbers(const std::shared_ptr<arrow::DataType>& type,
                                      const std::vector<Value>& values) {
    return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<std::int64_t>(values.size()),
                                                   {nullptr, arrow::Buffer::Wrap(values)}));
}

std::shared_ptr<arrow::Array> booleans(const std::vector<std::uint8_t>& values) {
    arrow::TypedBufferBuilder<bool> bits;
    storage::check(bits.Append(values.data(), static_cast<std::int64_t>(values.size())), building_column);
    return std::make_shared<arrow::BooleanArray>(static_cast<std::int64_t>(values.size()),
                                                 storage::value_of(bits.Finish(), building_column));
}

std::shared_ptr<arrow::Array> nulls(const std::shared_ptr<arrow::DataType>& type, std::size_t rows) {
    return storage::value_of(arrow::MakeArrayOfNull(type, static_cast<std::int64_t>(rows)), building_column);
}

std::shared_ptr<arrow::Array> constant(const std::shared_ptr<arrow::Scalar>& value, std::size_t rows) {
    return storage::value_of(arrow::MakeArrayFromScalar(*value, static_cast<std::int64_t>(rows)),
                             building_column);
}

}  // namespace

void EventColumns::start(const Constants& constants) {
    event_type_ = constants.event_type;
    constants_ = constants;
    constants_.event_type = event_type_;
    id_offsets_.assign(1, 0);
    id_bytes_.clear();
    timestamps_.clear();
    for (DictionaryColumn& column : texts_) column.clear();
    keys_.clear();
    formats_.clear();
    keys_are_users_ = true;
    prices_.clear();
    offsets_.clear();
    log_timestamps_.clear();
    last_format_ = nullptr;
    high_value_.clear();
    hours_.clear();
    quantities_.clear();
    bots_.clear();
    record_indices_.clear();
    details_.clear();
}

void EventColumns::separate_keys() {
    keys_are_users_ = false;
    keys_ = texts_[of_user_id];
}

/// Kafka's keys are bytes. A key that is not UTF-8 is stored as `base64:` and its bytes in base64.
void EventColumns::append_key(const model::Event& event, const bronze::Record& record) {
    if (keys_are_users_ && (record.key.data() == nullptr || record.key != event.user_id)) separate_keys();
    if (keys_are_users_) return;
    if (record.key.data() == nullptr) return;
    keys_.pad(rows());
    if (is_utf8(record.key)) return keys_.append(record.key);
    key_text_.assign("base64:").append(base::base64(record.key));
    keys_.append(key_text_);
}

void EventColumns::append(const model::Event& event, const EventSource& source) {
    const bronze::Record& record = source.record;
    const std::size_t row = rows();
    append_key(event, record);
    id_bytes_.insert(id_bytes_.end(), event.event_id.begin(), event.event_id.end());
    id_offsets_.push_back(static_cast<std::int32_t>(id_bytes_.size()));
    texts_[of_user_id].append(event.user_id);
    texts_[of_product_id].append(event.product_id, row);
    texts_[of_session_id].append(event.session_id, row);
    texts_[of_category].append_beside(texts_[of_product_id], event.product_category, row);
    texts_[of_device].append_beside(texts_[of_user_id], event.device_type, row);
    texts_[of_page].append(event.page_url, row);
    texts_[of_order_id].append(event.order_id, row);
    texts_[of_currency].append(event.currency, row);
    texts_[of_user_agent].append_beside(texts_[of_user_id], event.user_agent, row);
    texts_[of_referrer].append(event.referrer, row);
    prices_.append(event.price, row);
    offsets_.push_back(record.offset.value());
    log_timestamps_.push_back(model::to_us(record.timestamp));
    high_value_.push_back(event.price.value_or(0) > model::high_value_price ? 1 : 0);
    hours_.push_back(model::hour_of(event.timestamp));
    bots_.push_back(event.is_bot ? 1 : 0);
    if (source.format.data() == last_format_) {
        formats_.repeat();
    } else {
        formats_.append(source.format);
        last_format_ = source.format.data();
    }
    record_indices_.push_back(source.record_index);
    if (event.has_details) details_.append(event.details, texts_[of_product_id], row);
    if (!event.has_details || !event.details.quantity_thousandths) quantities_.append(event.quantity, row);
    timestamps_.push_back(model::to_us(event.timestamp));  // rows() counts these
}

std::shared_ptr<arrow::RecordBatch> EventColumns::batch(model::Timestamp processing_timestamp) {
    const auto us = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    const std::size_t count = rows();
    const auto rows_signed = static_cast<std::int64_t>(count);
    const auto ids = std::make_shared<arrow::StringArray>(rows_signed, arrow::Buffer::Wrap(id_offsets_),
                                                          arrow::Buffer::Wrap(id_bytes_));
    arrow::ArrayVector columns = {
        ids,
        texts_[of_user_id].array(count),
        texts_[of_product_id].array(count),
        numbers(us, timestamps_),
        texts_[of_session_id].array(count),
        texts_[of_category].array(count),
        texts_[of_device].array(count),
        texts_[of_page].array(count),
        prices_.array(arrow::float64(), count),
        keys_are_users_ ? texts_[of_user_id].array(count) : keys_.array(count),
        constant(std::make_shared<arrow::Int32Scalar>(constants_.partition), count),
        numbers(arrow::int64(), offsets_),
        numbers(us, log_timestamps_),
        constant(std::make_shared<arrow::TimestampScalar>(model::to_us(processing_timestamp), us), count),
        booleans(high_value_),
        numbers(arrow::int32(), hours_),
        quantities_.array(arrow::int32(), count),
        texts_[of_order_id].array(count),
        texts_[of_currency].array(count),
        constant(std::make_shared<arrow::Int32Scalar>(constants_.log_epoch), count),
        texts_[of_user_agent].array(count),
        texts_[of_referrer].array(count),
        booleans(bots_),
        formats_.array(count),
        numbers(arrow::int32(), record_indices_),
    };
    const auto& schema = *silver_layout().schema;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i]) columns[i] = nulls(schema.field(static_cast<int>(i))->type(), count);
    }
    std::ranges::move(details_.arrays(count), std::back_inserter(columns));
    arrow::FieldVector fields;
    for (int i = 0; i < schema.num_fields(); ++i) {
        const auto& column = columns[static_cast<std::size_t>(i)];
        if (!column) continue;
        // A column that has no null in this file is written without definition levels.
        const bool is_nullable = column->null_count() > 0;
        fields.push_back(schema.field(i)->WithType(column->type())->WithNullable(is_nullable));
    }
    std::erase(columns, nullptr);
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows_signed, std::move(columns));
}

}  // namespace millrace::silver
