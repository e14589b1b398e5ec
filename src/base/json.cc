#include "base/json.h"

#include <fmt/format.h>

#include <boost/json/src.hpp>

#include "base/error.h"

namespace millrace::base {

json::value parse_json(std::string_view text, std::string_view what) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error)
        throw Error(fmt::format("reading {}", what), fmt::format("not valid JSON ({})", error.message()));
    return value;
}

const json::value& member(const json::object& object, std::string_view key) {
    static const json::value null;
    const json::value* found = object.if_contains(key);
    return found == nullptr ? null : *found;
}

std::int64_t integer_member(const json::object& object, std::string_view key, std::int64_t otherwise) {
    const json::value& value = member(object, key);
    if (const auto* integer = value.if_int64()) return *integer;
    return otherwise;
}

std::string string_member(const json::object& object, std::string_view key, std::string_view otherwise) {
    const json::value& value = member(object, key);
    if (const auto* text = value.if_string()) return std::string(*text);
    return std::string(otherwise);
}

double number_member(const json::object& object, std::string_view key, double otherwise) {
    const json::value& value = member(object, key);
    return value.is_number() ? value.to_number<double>() : otherwise;
}

bool boolean_member(const json::object& object, std::string_view key, bool otherwise) {
    const json::value& value = member(object, key);
    if (const auto* flag = value.if_bool()) return *flag;
    return otherwise;
}

}  // namespace millrace::base
