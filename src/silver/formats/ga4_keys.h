#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "silver/message/key_table.h"
#include "silver/message/message_fields.h"

namespace millrace::silver {

/// The members of GA4's events that have a meaning for an event, of all objects together
/// (https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference).
enum Ga4Key : std::uint8_t {
    // of an event, and of its request
    ga4_name,
    ga4_params,
    ga4_timestamp_micros,
    ga4_client_id,
    ga4_user_id,
    ga4_app_instance_id,
    ga4_user_agent,
    ga4_device,
    ga4_device_category,
    ga4_traffic_source,
    ga4_api_secret,
    // of its params
    ga4_session_id,
    ga4_export_session_id,
    ga4_page_location,
    ga4_page_referrer,
    ga4_currency,
    ga4_transaction_id,
    ga4_value,
    ga4_shipping,
    ga4_tax,
    ga4_items,
    ga4_source,
    ga4_medium,
    ga4_campaign,
    // of an item
    ga4_item_id,
    ga4_item_name,
    ga4_item_brand,
    ga4_item_category,
    ga4_item_revenue,
    ga4_price,
    ga4_quantity,
    ga4_coupon,
    ga4_discount,
    // the sections of an event's properties (MessageLeftovers)
    ga4_context_section,
    ga4_message_section,
    ga4_batch_section,
    ga4_product_section,
    ga4_key_count,
};

inline constexpr std::array<std::string_view, ga4_key_count> ga4_names = {
    "name",           "params",          "timestamp_micros", "client_id",
    "user_id",        "app_instance_id", "user_agent",       "device",
    "category",       "traffic_source",  "api_secret",       "session_id",
    "ga_session_id",  "page_location",   "page_referrer",    "currency",
    "transaction_id", "value",           "shipping",         "tax",
    "items",          "source",          "medium",           "campaign",
    "item_id",        "item_name",       "item_brand",       "item_category",
    "item_revenue",   "price",           "quantity",         "coupon",
    "discount",       "context",         "message",          "batch",
    "product"};

inline constexpr KeyTable ga4_keys(ga4_names);

using Ga4Members = Members<ga4_key_count>;

}  // namespace millrace::silver
