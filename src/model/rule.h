#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::model {

/// Why a record was quarantined. The quarantine table stores the names: add rules, but never rename them.
enum class ValidationRule : std::uint8_t {
    none,
    empty_record,
    byte_order_mark,
    not_utf8,
    bad_json,
    not_an_object,
    nested_too_deep,
    duplicate_key,
    missing_field,
    wrong_type,
    empty_field,
    field_too_long,
    nul_character,
    bad_event_type,
    too_many_event_types,
    bad_timestamp,
    timestamp_too_early,
    timestamp_in_future,
    bad_price,
    bad_quantity,
    bad_currency,
    bad_row,
    schema_registry_framing,
    connect_envelope,
    count_,
};

/// Returns the rule's name as it is stored, such as `bad_price`.
std::string_view rule_name(ValidationRule rule);
/// Returns one sentence for people that says what the rule demands.
std::string_view rule_text(ValidationRule rule);

}  // namespace millrace::model
