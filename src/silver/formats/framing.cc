#include "silver/formats/framing.h"

#include <boost/json.hpp>

namespace millrace::silver {

namespace {

// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
constexpr std::size_t wire_format_bytes = 5;  // a zero byte and the schema's id

bool is_connect_envelope(std::string_view value) {
    // Most records are not, and parsing them would take time.
    if (!value.starts_with('{') || value.find("\"schema\"") == std::string_view::npos) return false;
    boost::system::error_code fault;
    const boost::json::value parsed = boost::json::parse(value, fault);
    if (fault || !parsed.is_object()) return false;
    const boost::json::object& members = parsed.get_object();
    return members.size() == 2 && members.contains("schema") && members.contains("payload");
}

}  // namespace

std::optional<model::ValidationRule> framing_of(std::string_view value) {
    if (value.size() > wire_format_bytes && value.front() == '\0')
        return model::ValidationRule::schema_registry_framing;
    if (is_connect_envelope(value)) return model::ValidationRule::connect_envelope;
    return std::nullopt;
}

}  // namespace millrace::silver
