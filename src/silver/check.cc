#include "silver/check.h"

#include <utility>

#include "model/currency.h"
#include "silver/type_text.h"

namespace millrace::silver {

using model::ValidationRule;

namespace {

constexpr double highest_price = 1e9;

Verdict check_product_and_price(const model::Event& event, const model::RuleOptions& options) {
    const bool has_product = model::is_known_type(event.event_type);
    if (has_product && !event.product_id) return {ValidationRule::missing_field, "product_id"};
    if (has_product && event.product_id->empty()) return {ValidationRule::empty_field, "product_id"};
    if (!event.price) {
        return needs_price(event.event_type, options) ? Verdict{ValidationRule::missing_field, "price"}
                                                      : Verdict{};
    }
    return is_valid_price(*event.price, options) ? Verdict{} : Verdict{ValidationRule::bad_price, "price"};
}

/// The types that do not count towards the limit.
bool is_of_every_shop(std::string_view type) {
    return model::is_known_type(type) || model::is_identity_type(type);
}

}  // namespace

bool needs_price(std::string_view event_type, const model::RuleOptions& options) {
    if (event_type == "purchase" || event_type == "refund") return true;
    return options.require_price == model::PriceRequirement::all && model::is_known_type(event_type);
}

bool is_valid_price(double price, const model::RuleOptions& options) {
    return (options.accept_free_items ? price >= 0 : price > 0) && price <= highest_price;
}

bool EventTypes::admit(std::string_view type) {
    if (is_of_every_shop(type)) return true;
    const base::MutexLock lock(mutex_);
    if (types_.contains(type)) return true;
    if (static_cast<int>(types_.size()) >= limit_) return false;
    types_.emplace(type);
    return true;
}

void EventTypes::assign(std::set<std::string, std::less<>> types) {
    std::erase_if(types, [](std::string_view type) { return is_of_every_shop(type); });
    const base::MutexLock lock(mutex_);
    types_ = std::move(types);
}

Verdict Checker::check_type(std::string_view& type) {
    if (is_of_every_shop(type) || admitted_.contains(type)) return {};
    std::string normal = normal_type(type);
    if (normal.empty()) return {ValidationRule::bad_event_type, "event_type"};
    if (!types_.admit(normal)) return {ValidationRule::too_many_event_types, "event_type"};
    type = *admitted_.insert(std::move(normal)).first;
    return {};
}

Verdict Checker::check(model::Event& event, base::WallTime log_time) {
    if (event.timestamp < options_.earliest) return {ValidationRule::timestamp_too_early, "timestamp"};
    if (event.timestamp > log_time + options_.future)
        return {ValidationRule::timestamp_in_future, "timestamp"};
    if (const Verdict verdict = check_product_and_price(event, options_); !verdict.ok()) return verdict;
    if (!event.currency) {
        event.currency = options_.currency;
    } else {
        event.currency = model::currency_at(*event.currency, event.timestamp);
        if (!event.currency) return {ValidationRule::bad_currency, "currency"};
    }
    event.is_bot = event.user_agent && bots_.is_bot(*event.user_agent);
    return check_type(event.event_type);
}

}  // namespace millrace::silver
