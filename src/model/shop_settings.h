#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"
#include "model/timestamp.h"

namespace millrace::model {

/// The events that must have a price: purchases and refunds, or all of the types that name a product.
enum class PriceRequirement { purchases, all };

[[nodiscard]] std::string_view price_requirement_name(PriceRequirement requirement);
/// Returns PriceRequirement::all for any name other than "purchases": that is what older shops require.
[[nodiscard]] PriceRequirement price_requirement_of(std::string_view name);

/// The validation settings of a shop. They change results, so they are stored with its data
/// (catalog/data_directory.h).
struct RuleOptions {
    /// The earliest timestamp allowed: 2000-01-01T00:00:00Z.
    Timestamp earliest{std::chrono::seconds(946'684'800)};
    base::Duration future = std::chrono::hours(24);  ///< how far an event may be past its record's log time
    int max_event_types = 100;
    std::string currency = "EUR";  ///< currency of events without a currency
    PriceRequirement require_price = PriceRequirement::purchases;
    bool accept_free_items = false;  ///< whether a price may be 0
    /// Format of messages whose record names none (silver/formats/known_formats.h). With `auto`, the shape of
    /// each message tells.
    std::string message_format = "auto";

    friend bool operator==(const RuleOptions&, const RuleOptions&) = default;
};

/// The set within which an event_id is unique: the table, or each partition of the log.
enum class DedupeScope { table, partition };

[[nodiscard]] std::string_view dedupe_scope_name(DedupeScope scope);
/// Returns DedupeScope::table for any name other than "partition".
[[nodiscard]] DedupeScope dedupe_scope_of(std::string_view name);

/// The settings that Gold's results depend on (docs/metrics.md explains each).
struct GoldOptions {
    /// How far the watermark stays behind the newest event.
    base::Duration lateness = std::chrono::minutes(10);
    base::Duration session_gap = std::chrono::minutes(30);  ///< the silence that ends a session
    /// The silence that ends a session of events without a session_id.
    base::Duration inactivity = std::chrono::minutes(30);
    /// How far back an order's line is looked for: one that came within this period before is a repeat.
    base::Duration order_repeats = std::chrono::days(30);
    /// How long after its last event an order takes further events, such as refunds. Later ones begin another
    /// order of the same id.
    base::Duration order_life = std::chrono::days(100);
    /// How long before and after a link an anonymous id belongs to the user, and how far back a visitor that
    /// is not new was seen.
    base::Duration identity_reach = std::chrono::days(30);
    double interest_share = 0.05;       ///< share of all views at or above which interest is high
    double interest_conversion = 0.03;  ///< a product whose conversion is below this has low conversion
    std::int64_t interest_views = 100;  ///< views that a product needs before it is judged

    friend bool operator==(const GoldOptions&, const GoldOptions&) = default;
};

/// The settings that change results, as `DATA/millrace.json` stores them.
struct ShopSettings {
    RuleOptions rules;
    DedupeScope dedupe_scope = DedupeScope::table;
    std::string time_zone = "UTC";
    GoldOptions gold;

    friend bool operator==(const ShopSettings&, const ShopSettings&) = default;
    /// Returns whether `other` gives the same silver table. The two may differ in what only Gold depends on.
    [[nodiscard]] bool same_silver(const ShopSettings& other) const {
        return rules == other.rules && dedupe_scope == other.dedupe_scope;
    }
};

}  // namespace millrace::model
