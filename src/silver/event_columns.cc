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

void append_optional(DictionaryColumn& column, const std::optional<std::string_view>& value) {
    if (value) {
        column.append(*value);
    } else {
        column.append_null();
    }
}

template <typename Value>
std::shared_ptr<arrow::Array> numbers(const std::shared_ptr<arrow::DataType>& type,
                                      const std::vector<Value>& values,
                                      std::shared_ptr<arrow::Buffer> validity = nullptr) {
    return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<std::int64_t>(values.size()),
                                                   {std::move(validity), arrow::Buffer::Wrap(values)}));
}

std::shared_ptr<arrow::Array> booleans(const std::vector<std::uint8_t>& values) {
    arrow::TypedBufferBuilder<bool> bits;
    storage::check(bits.Append(values.data(), static_cast<std::int64_t>(values.size())), building_column);
    return std::make_shared<arrow::BooleanArray>(static_cast<std::int64_t>(values.size()),
                                                 storage::value_of(bits.Finish(), building_column));
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
    null_prices_.clear();
    offsets_.clear();
    log_timestamps_.clear();
    last_format_ = nullptr;
    high_value_.clear();
    hours_.clear();
    quantities_.clear();
    null_quantities_.clear();
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
    if (record.key.data() == nullptr) return keys_.append_null();
    if (is_utf8(record.key)) return keys_.append(record.key);
    key_text_.assign("base64:").append(base::base64(record.key));
    keys_.append(key_text_);
}

void EventColumns::append(const model::Event& event, const EventSource& source) {
    static const model::EventDetails no_details;
    const bronze::Record& record = source.record;
    append_key(event, record);
    id_bytes_.insert(id_bytes_.end(), event.event_id.begin(), event.event_id.end());
    id_offsets_.push_back(static_cast<std::int32_t>(id_bytes_.size()));
    user_ids_.append(event.user_id);
    append_optional(product_ids_, event.product_id);
    append_optional(session_ids_, event.session_id);
    append_optional(categories_, event.product_category);
    append_optional(devices_, event.device_type);
    append_optional(pages_, event.page_url);
    append_optional(order_ids_, event.order_id);
    append_optional(currencies_, event.currency);
    append_optional(user_agents_, event.user_agent);
    append_optional(referrers_, event.referrer);
    if (!event.price) null_prices_.push_back(static_cast<std::uint32_t>(prices_.size()));
    prices_.push_back(event.price.value_or(0));
    timestamps_.push_back(model::to_us(event.timestamp));
    offsets_.push_back(record.offset.value());
    log_timestamps_.push_back(model::to_us(record.timestamp));
    high_value_.push_back(event.price.value_or(0) > model::high_value_price ? 1 : 0);
    hours_.push_back(model::hour_of(event.timestamp));
    const bool has_fraction = event.has_details && event.details.quantity_thousandths;
    if (has_fraction) null_quantities_.push_back(static_cast<std::uint32_t>(quantities_.size()));
    quantities_.push_back(has_fraction ? 0 : event.quantity);
    bots_.push_back(event.is_bot ? 1 : 0);
    if (source.format.data() == last_format_) {
        formats_.repeat();
    } else {
        formats_.append(source.format);
        last_format_ = source.format.data();
    }
    if (event.has_details || details_.has_rows())
        details_.append(event.has_details ? event.details : no_details, record_indices_.size());
    record_indices_.push_back(source.record_index);
}

const storage::ParquetLayout& EventColumns::layout() const {
    return details_.has_rows() ? silver_layout() : silver_layout_without_details();
}

std::shared_ptr<arrow::RecordBatch> EventColumns::batch(model::Timestamp processing_timestamp) const {
    const auto us = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    const std::size_t count = rows();
    const auto rows_signed = static_cast<std::int64_t>(count);
    const auto ids = std::make_shared<arrow::StringArray>(rows_signed, arrow::Buffer::Wrap(id_offsets_),
                                                          arrow::Buffer::Wrap(id_bytes_));
    arrow::ArrayVector columns = {
        ids,
        user_ids_.array(),
        product_ids_.array(),
        numbers(us, timestamps_),
        session_ids_.array(),
        categories_.array(),
        devices_.array(),
        pages_.array(),
        numbers(arrow::float64(), prices_, validity_bitmap(null_prices_, count)),
        keys_are_users_ ? user_ids_.array() : keys_.array(),
        constant(std::make_shared<arrow::Int32Scalar>(partition_), count),
        numbers(arrow::int64(), offsets_),
        numbers(us, log_timestamps_),
        constant(std::make_shared<arrow::TimestampScalar>(model::to_us(processing_timestamp), us), count),
        booleans(high_value_),
        numbers(arrow::int32(), hours_),
        numbers(arrow::int32(), quantities_, validity_bitmap(null_quantities_, count)),
        order_ids_.array(),
        currencies_.array(),
        constant(std::make_shared<arrow::Int32Scalar>(log_epoch_), count),
        user_agents_.array(),
        referrers_.array(),
        booleans(bots_),
        formats_.array(),
        numbers(arrow::int32(), record_indices_),
    };
    if (details_.has_rows()) std::ranges::move(details_.arrays(count), std::back_inserter(columns));
    arrow::FieldVector fields;
    const auto& schema = *layout().schema;
    for (int i = 0; i < schema.num_fields(); ++i) {
        fields.push_back(schema.field(i)->WithType(columns[static_cast<std::size_t>(i)]->type()));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows_signed, std::move(columns));
}

}  // namespace millrace::silver
