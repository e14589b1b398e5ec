#include "catalog/data_directory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/units.h"
#include "model/currency.h"
#include "model/time_zone.h"

namespace millrace::catalog {

namespace json = boost::json;

namespace {

constexpr int directory_format = 1;

json::object to_json(const model::ShopSettings& settings) {
    return {{"format", directory_format},
            {"earliest", model::format_timestamp(settings.rules.earliest)},
            {"future_us", settings.rules.future.count()},
            {"max_event_types", settings.rules.max_event_types},
            {"currency", settings.rules.currency},
            {"require_price", model::price_requirement_name(settings.rules.require_price)},
            {"free_items", settings.rules.accept_free_items ? "accept" : "refuse"},
            {"message_format", settings.rules.message_format},
            {"dedupe_scope", model::dedupe_scope_name(settings.dedupe_scope)},
            {"time_zone", settings.time_zone},
            {"lateness_us", settings.gold.lateness.count()},
            {"session_gap_us", settings.gold.session_gap.count()},
            {"inactivity_us", settings.gold.inactivity.count()},
            {"order_repeats_us", settings.gold.order_repeats.count()},
            {"order_life_us", settings.gold.order_life.count()},
            {"identity_reach_us", settings.gold.identity_reach.count()},
            {"interest_share", settings.gold.interest_share},
            {"interest_conversion", settings.gold.interest_conversion},
            {"interest_views", settings.gold.interest_views}};
}

/// Formats the value of a setting in the form that its option takes.
std::string format_setting(std::string_view key, const json::value& value) {
    if (key.ends_with("_us")) return base::format_duration(base::Duration(value.as_int64()));
    if (const auto* share = value.if_double()) return base::format_share(*share);
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

/// Returns the option of a setting, such as `--session-gap` for `session_gap_us`.
std::string option_of(std::string_view key) {
    if (key.ends_with("_us")) key.remove_suffix(3);
    std::string name = fmt::format("--{}", key);
    std::ranges::replace(name, '_', '-');
    return name;
}

/// Describes the first setting that differs, such as "--currency is EUR, not USD".
std::string difference(const model::ShopSettings& stored, const model::ShopSettings& wanted) {
    const json::object before = to_json(stored);
    const json::object after = to_json(wanted);
    for (const auto& [key, value] : before) {
        if (after.at(key) == value) continue;
        return fmt::format("{} is {}, not {}", option_of(key), format_setting(key, value),
                           format_setting(key, after.at(key)));
    }
    return "the settings are equal";
}

}  // namespace

std::string settings_text(const model::ShopSettings& settings) {
    return json::serialize(to_json(settings));
}

model::ShopSettings parse_settings(std::string_view text, const std::string& doing) {
    model::ShopSettings settings;
    const json::value document = base::parse_json(text, doing);
    if (!document.is_object()) throw Error(doing, "not a JSON object");
    const json::object& object = document.get_object();
    if (const auto version = base::integer_member(object, "format"); version > directory_format) {
        throw Error(doing,
                    fmt::format("its format is {}, and this program reads formats up to {}", version,
                                directory_format),
                    "Use the newer version of Millrace that wrote it.");
    }
    const auto earliest = model::parse_timestamp(base::string_member(object, "earliest"));
    if (!earliest) throw Error(doing, "\"earliest\" is not a timestamp");
    settings.rules.earliest = *earliest;
    settings.rules.max_event_types = static_cast<int>(base::integer_member(object, "max_event_types", 100));
    settings.rules.currency = base::string_member(object, "currency", "EUR");
    settings.rules.require_price =
        model::price_requirement_of(base::string_member(object, "require_price", "all"));
    settings.rules.accept_free_items = base::string_member(object, "free_items") == "accept";
    settings.rules.message_format = base::string_member(object, "message_format", "auto");
    settings.dedupe_scope = model::dedupe_scope_of(base::string_member(object, "dedupe_scope"));
    settings.time_zone = base::string_member(object, "time_zone", "UTC");
    const auto duration = [&](std::string_view name, base::Duration otherwise) {
        return base::Duration(base::integer_member(object, name, otherwise.count()));
    };
    settings.rules.future = duration("future_us", settings.rules.future);
    model::GoldOptions& gold = settings.gold;
    gold.lateness = duration("lateness_us", gold.lateness);
    // Shops from before the gap was stored have four hours, which was the default then.
    gold.session_gap = duration("session_gap_us", std::chrono::hours(4));
    gold.inactivity = duration("inactivity_us", gold.inactivity);
    gold.order_repeats = duration("order_repeats_us", gold.order_repeats);
    gold.order_life = duration("order_life_us", gold.order_life);
    gold.identity_reach = duration("identity_reach_us", gold.identity_reach);
    gold.interest_share = base::number_member(object, "interest_share", gold.interest_share);
    gold.interest_conversion = base::number_member(object, "interest_conversion", gold.interest_conversion);
    gold.interest_views = base::integer_member(object, "interest_views", gold.interest_views);
    return settings;
}

model::ShopSettings DataDirectory::settings() const {
    const auto content = base::read_file_if_exists(settings_path());
    if (!content) return {};
    return parse_settings(*content, fmt::format("reading {}", settings_path().string()));
}

void DataDirectory::validate(const model::ShopSettings& settings) {
    if (!model::is_currency(settings.rules.currency)) {
        throw usage_error("reading the settings",
                          fmt::format("\"{}\" is not an ISO 4217 currency code", settings.rules.currency));
    }
    const model::TimeZone zone(settings.time_zone);  // throws if the time zone is unknown
}

void DataDirectory::begin_rebuild() const {
    base::replace_file(rebuild_mark(), "millrace replay\n");
}

void DataDirectory::end_rebuild() const {
    std::filesystem::remove(rebuild_mark());
    base::sync_directory(root_);
}

void DataDirectory::check_not_rebuilding() const {
    if (!std::filesystem::exists(rebuild_mark())) return;
    throw Error(fmt::format("opening {}", root_.string()), "a rebuild of its tables was interrupted",
                "Run the rebuild again: millrace replay");
}

void DataDirectory::adopt(const model::ShopSettings& wanted) const {
    check_not_rebuilding();
    validate(wanted);
    if (!has_settings()) return store(wanted);
    const model::ShopSettings stored = settings();
    if (stored == wanted) return;
    const bool gold_only = stored.same_silver(wanted);
    throw usage_error(
        fmt::format("opening {}", root_.string()),
        fmt::format("the tables were built with other settings: {}", difference(stored, wanted)),
        fmt::format("Omit the option, or rebuild the tables with the new value: millrace {}",
                    gold_only ? "gold --rebuild --available-now" : "replay"));
}

void DataDirectory::adopt_gold(const model::ShopSettings& wanted) const {
    validate(wanted);
    const model::ShopSettings stored = settings();
    if (!stored.same_silver(wanted)) return adopt(wanted);
    if (stored != wanted) store(wanted);
}

void DataDirectory::store(const model::ShopSettings& settings) const {
    base::make_directory(root_);
    base::replace_file(settings_path(), settings_text(settings) + "\n");
}

}  // namespace millrace::catalog
