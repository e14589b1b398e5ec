#include "silver/detail_columns.h"

#include <arrow/api.h>

#include "silver/silver_table.h"

namespace millrace::silver {

void DetailColumns::append(const model::EventDetails& details, const DictionaryColumn& product_ids,
                           std::size_t row) {
    anonymous_ids_.append(details.anonymous_id, row);
    product_names_.append_beside(product_ids, details.product_name, row);
    brands_.append_beside(product_ids, details.brand, row);
    coupons_.append(details.coupon, row);
    utm_sources_.append(details.utm_source, row);
    utm_mediums_.append(details.utm_medium, row);
    utm_campaigns_.append(details.utm_campaign, row);
    properties_.append(details.properties, row);
    received_.append(details.received_at, row);
    device_times_.append(details.device_timestamp, row);
    quantities_.append(details.quantity_thousandths, row);
    discounts_.append(details.discount, row);
    line_totals_.append(details.line_total, row);
    line_numbers_.append(details.line_number, row);
    order_totals_.append(details.order_total, row);
    order_discounts_.append(details.order_discount, row);
    order_shippings_.append(details.order_shipping, row);
    order_taxes_.append(details.order_tax, row);
    order_refused_.append(details.order_refused, row);
}

void DetailColumns::clear() {
    for (DictionaryColumn* column : {&anonymous_ids_, &product_names_, &brands_, &coupons_, &utm_sources_,
                                     &utm_mediums_, &utm_campaigns_, &properties_}) {
        column->clear();
    }
    for (auto* column : {&received_, &device_times_}) column->clear();
    quantities_.clear();
    discounts_.clear();
    for (auto* column : {&line_numbers_, &order_refused_}) column->clear();
    for (auto* column :
         {&line_totals_, &order_totals_, &order_discounts_, &order_shippings_, &order_taxes_}) {
        column->clear();
    }
}

/// Arrow's decimals are 128-bit integers in the byte order of the machine, as model::Money is.
arrow::ArrayVector DetailColumns::arrays(std::size_t rows) {
    const auto us = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    static_assert(sizeof(model::Timestamp) == sizeof(std::int64_t));
    static_assert(sizeof(model::Money) == sizeof(arrow::Decimal128));
    return {anonymous_ids_.array(rows),
            received_.array(us, rows),
            device_times_.array(us, rows),
            product_names_.array(rows),
            brands_.array(rows),
            coupons_.array(rows),
            discounts_.array(arrow::float64(), rows),
            utm_sources_.array(rows),
            utm_mediums_.array(rows),
            utm_campaigns_.array(rows),
            quantities_.array(quantity_type(), rows),
            line_totals_.array(money_type(), rows),
            properties_.array(rows),
            line_numbers_.array(arrow::int64(), rows),
            order_totals_.array(money_type(), rows),
            order_discounts_.array(money_type(), rows),
            order_shippings_.array(money_type(), rows),
            order_taxes_.array(money_type(), rows),
            order_refused_.array(arrow::int64(), rows)};
}

}  // namespace millrace::silver
