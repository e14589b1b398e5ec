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
    day_ = constants.day;
    event_type_ = constants.event_type;
    partition_ = constants.partition;
    log_epoch_ = constants.log_epoch;
    id_offsets_.assign(1, 0);
    id_bytes_.clear();
    timestamps_.clear();
    for (DictionaryColumn* column :
         {&user_ids_, &product_ids_, &session_ids_, &categories_, &devices_, &pages_, &keys_, &order_ids_,
          &currencies_, &user_agents_, &referrers_, &formats_}) {
        column->clear();
    }
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
    keys_ = user_ids_;
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
    user_ids_.append(event.user_id);
    product_ids_.append(event.product_id, row);
    session_ids_.append(event.session_id, row);
    categories_.append_beside(product_ids_, event.product_category, row);
    devices_.append_beside(user_ids_, event.device_type, row);
    pages_.append(event.page_url, row);
    order_ids_.append(event.order_id, row);
    currencies_.append(event.currency, row);
    user_agents_.append_beside(user_ids_, event.user_agent, row);
    referrers_.append(event.referrer, row);
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
    if (event.has_details) details_.append(event.details, product_ids_, row);
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
        user_ids_.array(count),
        product_ids_.array(count),
        numbers(us, timestamps_),
        session_ids_.array(count),
        categories_.array(count),
        devices_.array(count),
        pages_.array(count),
        prices_.array(arrow::float64(), count),
        keys_are_users_ ? user_ids_.array(count) : keys_.array(count),
        constant(std::make_shared<arrow::Int32Scalar>(partition_), count),
        numbers(arrow::int64(), offsets_),
        numbers(us, log_timestamps_),
        constant(std::make_shared<arrow::TimestampScalar>(model::to_us(processing_timestamp), us), count),
        booleans(high_value_),
        numbers(arrow::int32(), hours_),
        quantities_.array(arrow::int32(), count),
        order_ids_.array(count),
        currencies_.array(count),
        constant(std::make_shared<arrow::Int32Scalar>(log_epoch_), count),
        user_agents_.array(count),
        referrers_.array(count),
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
