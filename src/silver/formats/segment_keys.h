#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "silver/message/key_table.h"
#include "silver/message/message_fields.h"

namespace millrace::silver {

/// The members of Segment's messages that have a meaning for an event, of all objects together
/// (https://segment.com/docs/connections/spec/common/ and .../ecommerce/v2/).
enum SegmentKey : std::uint8_t {
    // of a message
    key_type,
    key_event,
    key_user_id,
    key_anonymous_id,
    key_previous_id,
    key_message_id,
    key_timestamp,
    key_original_timestamp,
    key_sent_at,
    key_received_at,
    key_write_key,
    key_context,
    key_properties,
    // of its context
    key_page,
    key_campaign,
    key_user_agent,
    key_session_id_of_context,
    key_device,
    key_user_agent_data,
    key_url,
    key_referrer,
    key_source,
    key_medium,
    key_mobile,
    // of its properties, and of a product
    key_product_id,
    key_product_id_v1,
    key_id,
    key_sku,
    key_name,
    key_category,
    key_brand,
    key_coupon,
    key_discount,
    key_price,
    key_quantity,
    key_value,
    key_total,
    key_revenue,
    key_subtotal,
    key_currency,
    key_order_id,
    key_order_id_v1,
    key_products,
    key_shipping,
    key_tax,
    key_session_id,
    key_utm_source,
    key_utm_medium,
    key_utm_campaign,
    // the sections of an event's properties (MessageLeftovers); `context` is one too
    key_message_section,
    key_batch_section,
    key_product_section,
    segment_key_count,
};

inline constexpr std::array<std::string_view, segment_key_count> segment_names = {
    // of a message
    "type", "event", "userId", "anonymousId", "previousId", "messageId", "timestamp", "originalTimestamp",
    "sentAt", "receivedAt", "writeKey", "context", "properties",
    // of its context
    "page", "campaign", "userAgent", "sessionId", "device", "userAgentData", "url", "referrer", "source",
    "medium", "mobile",
    // of its properties, and of a product
    "product_id", "productId", "id", "sku", "name", "category", "brand", "coupon", "discount", "price",
    "quantity", "value", "total", "revenue", "subtotal", "currency", "order_id", "orderId", "products",
    "shipping", "tax", "session_id", "utm_source", "utm_medium", "utm_campaign",
    // the sections of an event's properties
    "message", "batch", "product"};

inline constexpr KeyTable segment_keys(segment_names);

using SegmentMembers = Members<segment_key_count>;

}  // namespace millrace::silver
