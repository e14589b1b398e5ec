#include "storage/table_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/json.h"

namespace millrace::storage {

namespace json = boost::json;

namespace {

/// The types whose names differ in more than their case.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> renamed = {{
    {"string", "VARCHAR"},
    {"byte", "TINYINT"},
    {"short", "SMALLINT"},
    {"long", "BIGINT"},
    {"binary", "BLOB"},
    {"timestamp", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp_ntz", "TIMESTAMP"},
    {"float", "FLOAT"},
}};

std::string sql_type(const json::value& type);

std::string nested_type(const json::object& type) {
    if (type.at("type") == "array") return sql_type(type.at("elementType")) + "[]";
    if (type.at("type") == "map")
        return fmt::format("MAP({}, {})", sql_type(type.at("keyType")), sql_type(type.at("valueType")));
    std::string fields;
    for (const auto& field : type.at("fields").as_array()) {
        fields += fmt::format("{}\"{}\" {}", fields.empty() ? "" : ", ",
                              std::string_view(field.at("name").as_string()), sql_type(field.at("type")));
    }
    return fmt::format("STRUCT({})", fields);
}

std::string sql_type(const json::value& type) {
    if (type.is_object()) return nested_type(type.get_object());
    const std::string_view name = type.as_string();
    const auto found =
        std::ranges::find(renamed, name, &std::pair<std::string_view, std::string_view>::first);
    if (found != renamed.end()) return std::string(found->second);
    std::string upper(name);  // such as integer, double, boolean, date, decimal(p,s)
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    return upper;
}

}  // namespace

bool TableColumn::is_nested() const {
    return type.ends_with(']') || type.starts_with("STRUCT(") || type.starts_with("MAP(");
}

std::vector<TableColumn> table_columns(const std::string& schema_json) {
    const auto schema = base::parse_json(schema_json, "the table's schema");
    std::vector<TableColumn> columns;
    for (const auto& field : schema.at("fields").as_array())
        columns.push_back({std::string(field.at("name").as_string()), sql_type(field.at("type"))});
    return columns;
}

}  // namespace millrace::storage
