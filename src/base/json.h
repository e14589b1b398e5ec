#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"

/// JSON documents off the hot path: the Delta log, settings and reports. (src/silver decodes events.)
namespace millrace::base {

namespace json = boost::json;

/// Parses `text`. Throws an Error that names `what` if the text is not JSON.
json::value parse_json(std::string_view text, std::string_view what);

/// Returns a member of an object, or null if it is absent. The reference lives as long as `object`.
const json::value& member(const json::object& object, std::string_view key);

/// These functions return a member as an integer, string, number or boolean, or `otherwise` if it is absent,
/// null or of another type.
std::int64_t integer_member(const json::object& object, std::string_view key, std::int64_t otherwise = 0);
std::string string_member(const json::object& object, std::string_view key, std::string_view otherwise = {});
double number_member(const json::object& object, std::string_view key, double otherwise = 0);
bool boolean_member(const json::object& object, std::string_view key, bool otherwise = false);

}  // namespace millrace::base
