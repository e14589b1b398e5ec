#include "model/rule.h"

#include <array>
#include <utility>

namespace millrace::model {

namespace {

using Entry = std::pair<std::string_view, std::string_view>;

constexpr std::array<Entry, static_cast<std::size_t>(ValidationRule::count_)> entries = {{
    {"none", ""},
    {"empty_record", "the record has no value"},
    {"byte_order_mark", "JSON must not begin with a byte order mark"},
    {"not_utf8", "the record must be UTF-8 throughout"},
    {"bad_json", "the record must be one whole JSON value with nothing after it"},
    {"not_an_object", "the record must be a JSON object"},
    {"nested_too_deep", "values may be nested at most 64 deep"},
    {"duplicate_key", "a field may occur only once"},
    {"missing_field", "a required field is absent or null"},
    {"wrong_type", "a field has the wrong JSON type"},
    {"empty_field", "the field must not be empty"},
    {"field_too_long", "a string may have at most 65,536 bytes"},
    {"nul_character", "a string must not contain the NUL character"},
    {"bad_event_type", "event_type must be 1 to 64 letters or digits of any script, '_', '.' or '-'"},
    {"too_many_event_types", "the table already has as many distinct event types as the settings allow"},
    {"bad_timestamp", "timestamp must be ISO 8601 with Z or an offset"},
    {"timestamp_too_early", "timestamp is before the earliest one allowed"},
    {"timestamp_in_future", "timestamp is too far past the record's log time"},
    {"bad_price", "price must be above 0 and at most 1,000,000,000"},
    {"bad_quantity", "quantity must be a whole number from 1 to 1,000,000"},
    {"bad_currency", "currency must be an ISO 4217 code such as EUR"},
    {"bad_row", "a line of a CSV file must have as many fields as its header"},
    {"schema_registry_framing",
     "the record is in Confluent's wire format (a zero byte and the id of a schema, then Avro, Protobuf or "
     "JSON); "
     "it must be plain JSON"},
    {"connect_envelope",
     "the record is in Kafka Connect's envelope of schema and payload; set "
     "value.converter.schemas.enable=false"},
}};

}  // namespace

std::string_view rule_name(ValidationRule rule) {
    return entries.at(static_cast<std::size_t>(rule)).first;
}
std::string_view rule_text(ValidationRule rule) {
    return entries.at(static_cast<std::size_t>(rule)).second;
}

}  // namespace millrace::model
