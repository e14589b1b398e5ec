#include "model/shop_settings.h"

namespace millrace::model {

std::string_view price_requirement_name(PriceRequirement requirement) {
    return requirement == PriceRequirement::purchases ? "purchases" : "all";
}

PriceRequirement price_requirement_of(std::string_view name) {
    return name == price_requirement_name(PriceRequirement::purchases) ? PriceRequirement::purchases
                                                                       : PriceRequirement::all;
}

std::string_view dedupe_scope_name(DedupeScope scope) {
    return scope == DedupeScope::table ? "table" : "partition";
}

DedupeScope dedupe_scope_of(std::string_view name) {
    return name == dedupe_scope_name(DedupeScope::partition) ? DedupeScope::partition : DedupeScope::table;
}

}  // namespace millrace::model
