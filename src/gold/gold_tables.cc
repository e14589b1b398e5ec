#include "gold/gold_tables.h"

#include <arrow/api.h>

#include "model/money.h"

namespace millrace::gold {

namespace {

using Fields = std::vector<std::shared_ptr<arrow::Field>>;

std::shared_ptr<arrow::Field> required(const char* name, std::shared_ptr<arrow::DataType> type) {
    return arrow::field(name, std::move(type), false);
}
std::shared_ptr<arrow::Field> text(const char* name) {
    return required(name, arrow::utf8());
}
std::shared_ptr<arrow::Field> text_or_null(const char* name) {
    return arrow::field(name, arrow::utf8());
}
std::shared_ptr<arrow::Field> count(const char* name) {
    return required(name, arrow::int64());
}
/// A count that was introduced later. It is null in rows that were written before.
std::shared_ptr<arrow::Field> added_count(const char* name) {
    return arrow::field(name, arrow::int64());
}
std::shared_ptr<arrow::Field> time(const char* name) {
    return required(name, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
}
std::shared_ptr<arrow::Field> time_or_null(const char* name) {
    return arrow::field(name, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
}
/// A quotient, which is null if the denominator is 0.
std::shared_ptr<arrow::Field> rate(const char* name) {
    return arrow::field(name, arrow::float64());
}
std::shared_ptr<arrow::DataType> money_type() {
    return arrow::decimal128(38, model::money_scale);
}
std::shared_ptr<arrow::Field> money(const char* name) {
    return required(name, money_type());
}
std::shared_ptr<arrow::Field> flag(const char* name) {
    return required(name, arrow::boolean());
}

Fields engagement() {
    return {count("views"),   count("carts"),    count("purchases"),   count("users"),
            money("revenue"), rate("cart_rate"), rate("purchase_rate")};
}

Fields operator+(Fields first, const Fields& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

Fields funnel() {
    return {count("sessions"),
            count("sessions_viewed"),
            count("sessions_carted"),
            count("sessions_purchased"),
            count("users_viewed"),
            count("users_carted"),
            count("users_purchased"),
            rate("drop_off_to_cart"),
            rate("drop_off_to_purchase"),
            arrow::field("median_view_to_cart_s", arrow::int64()),
            arrow::field("median_cart_to_purchase_s", arrow::int64()),
            count("views"),
            count("carts"),
            count("purchases"),
            rate("carts_per_view"),
            rate("purchases_per_cart")};
}

Fields sessions() {
    return {text("user_id"),
            text_or_null("session_id"),
            time("session_start"),
            time("session_end"),
            count("duration_ms"),
            count("events"),
            count("products"),
            text_or_null("entry_page"),
            text_or_null("exit_page"),
            text_or_null("device_type"),
            count("views"),
            count("carts"),
            count("purchases"),
            text_or_null("currency"),
            arrow::field("revenue", money_type()),
            flag("bounced"),
            flag("converted"),
            flag("abandoned_cart"),
            arrow::field("abandoned_value", money_type()),
            arrow::field("is_bot", arrow::boolean()),
            text_or_null("channel"),
            text_or_null("source"),
            text_or_null("landing_page"),
            text_or_null("referrer"),
            text_or_null("utm_source"),
            text_or_null("utm_medium"),
            text_or_null("utm_campaign"),
            text_or_null("visitor_id"),
            arrow::field("is_new", arrow::boolean())};
}

Fields sources() {
    return {text_or_null("channel"),  text_or_null("source"),
            text_or_null("campaign"), text_or_null("landing_page"),
            text("currency"),         count("visitors"),
            count("sessions"),        count("converted"),
            count("orders"),          money("revenue"),
            rate("conversion")};
}

Fields orders() {
    return {text("order_id"),
            text("user_id"),
            text_or_null("session_id"),
            time("first_at"),
            time("last_at"),
            text("currency"),
            count("lines"),
            count("items"),
            money("gross"),
            money("discount"),
            arrow::field("shipping", money_type()),
            arrow::field("tax", money_type()),
            arrow::field("total", money_type()),
            money("refunded"),
            money("net"),
            count("repeats"),
            count("refused_lines"),
            arrow::field("missing", money_type()),
            flag("complete"),
            flag("cancelled"),
            flag("over_refunded"),
            text_or_null("visitor_id"),
            text_or_null("channel")};
}

Fields users() {
    return {text("user_id"),           text("currency"), time("first_seen"),   time("last_seen"),
            count("events"),           count("views"),   count("carts"),       count("purchases"),
            count("orders"),           count("items"),   money("gross_spend"), money("net_spend"),
            text_or_null("visitor_id")};
}

Fields columns(Table table) {
    const Fields window = {time("window_start"), time("window_end")};
    const Fields grain = Fields{text("grain")} + window;
    switch (table) {
        case Table::product_metrics:
            return Fields{text("window")} + window +
                   Fields{text("product_id"), text_or_null("product_category"), text("currency")} +
                   engagement();
        case Table::category_metrics:
            return window + Fields{text_or_null("product_category"), text("currency")} + engagement();
        case Table::device_metrics:
            return window + Fields{text_or_null("device_type"), text("currency")} + engagement();
        case Table::kpis:
            return grain + Fields{text("currency"),
                                  count("events"),
                                  count("active_users"),
                                  count("sessions"),
                                  count("orders"),
                                  count("items"),
                                  money("gross_revenue"),
                                  money("net_revenue"),
                                  rate("average_order_value"),
                                  rate("conversion"),
                                  rate("revenue_per_visitor"),
                                  added_count("bot_events"),
                                  added_count("bot_users"),
                                  added_count("bot_sessions")};
        case Table::orders:
            return orders();
        case Table::sources:
            return grain + sources();
        case Table::funnel:
            return grain + funnel();
        case Table::sessions:
            return sessions();
        case Table::users:
            return users();
        case Table::high_interest:
            return grain + Fields{text("product_id"), count("views"),
                                  count("purchases"), required("share_of_views", arrow::float64()),
                                  rate("conversion"), required("conversion_upper", arrow::float64())};
        case Table::identities:
            return window + Fields{text("anonymous_id"),      text("user_id"), time_or_null("first_seen"),
                                   time_or_null("last_seen"), count("events"), time_or_null("removed_at")};
        case Table::alerts:
            return {count("sequence"),
                    text("alert_id"),
                    text("rule"),
                    text_or_null("subject"),
                    text("state"),
                    text("severity"),
                    time("at"),
                    time("started_at"),
                    required("value", arrow::float64()),
                    required("threshold", arrow::float64()),
                    text("message"),
                    text_or_null("unit")};
    }
    return {};
}

}  // namespace

TableSet all_metrics() {
    return {metric_tables.begin(), metric_tables.end()};
}

TableSet window_metrics() {
    TableSet tables = all_metrics();
    std::erase_if(tables, is_of_users);
    return tables;
}

std::string_view table_name(Table table) {
    constexpr std::array<std::string_view, table_count> names = {
        "product_metrics", "category_metrics", "device_metrics", "kpis",          "orders",     "sources",
        "funnel",          "sessions",         "users",          "high_interest", "identities", "alerts"};
    return names[static_cast<std::size_t>(table)];
}

std::shared_ptr<arrow::Schema> table_schema(Table table) {
    return arrow::schema(columns(table) + Fields{text("day")});
}

const std::vector<std::string>& table_partition_columns() {
    static const std::vector<std::string> columns = {"day"};
    return columns;
}

const std::vector<std::string>& table_key(Table table) {
    static const std::array<std::vector<std::string>, table_count> keys = {{
        {"window", "window_start", "product_id", "product_category", "currency"},
        {"window_start", "product_category", "currency"},
        {"window_start", "device_type", "currency"},
        {"grain", "window_start", "currency"},
        {"order_id", "first_at"},
        {"grain", "window_start", "channel", "source", "campaign", "landing_page", "currency"},
        {"grain", "window_start"},
        {"user_id", "session_id", "session_start"},
        {"user_id", "currency"},
        {"grain", "window_start", "product_id"},
        {"window_start", "anonymous_id", "user_id"},
        {"sequence"},
    }};
    return keys[static_cast<std::size_t>(table)];
}

const storage::ParquetLayout& table_layout(Table table) {
    static const auto layouts = [] {
        std::array<storage::ParquetLayout, table_count> made;
        for (const Table each : all_tables)
            made[static_cast<std::size_t>(each)].schema = arrow::schema(columns(each));
        storage::ParquetLayout& sessions = made[static_cast<std::size_t>(Table::sessions)];
        sessions.plain = {"session_id", "duration_ms"};
        sessions.delta_encoded = {"session_start", "session_end"};
        // Nobody skips files by them, and they are compared for each row.
        sessions.without_stats = {"entry_page", "exit_page",  "device_type",  "currency",
                                  "channel",    "source",     "landing_page", "referrer",
                                  "utm_source", "utm_medium", "utm_campaign", "user_id"};
        return made;
    }();
    return layouts[static_cast<std::size_t>(table)];
}

}  // namespace millrace::gold
