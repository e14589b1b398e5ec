#include "storage/arrow_schema.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "base/error.h"
#include "base/json.h"

namespace millrace::storage {

namespace json = boost::json;

namespace {

constexpr auto reading_schema = "reading the table's schema";

std::shared_ptr<arrow::DataType> arrow_type(const json::value& type);

std::shared_ptr<arrow::Field> arrow_field(const json::value& field) {
    return arrow::field(std::string(field.at("name").as_string()), arrow_type(field.at("type")),
                        field.at("nullable").as_bool());
}

std::shared_ptr<arrow::DataType> arrow_nested_type(const json::object& type) {
    if (type.at("type") == "array")
        return arrow::list(
            arrow::field("element", arrow_type(type.at("elementType")), type.at("containsNull").as_bool()));
    if (type.at("type") == "map")
        return arrow::map(
            arrow_type(type.at("keyType")),
            arrow::field("value", arrow_type(type.at("valueType")), type.at("valueContainsNull").as_bool()));
    arrow::FieldVector fields;
    for (const auto& field : type.at("fields").as_array()) fields.push_back(arrow_field(field));
    return arrow::struct_(fields);
}

/// Reads decimal(precision,scale).
std::shared_ptr<arrow::DataType> decimal_type(std::string_view text) {
    int precision = 10;
    int scale = 0;
    const auto open = text.find('(');
    if (open != std::string_view::npos) {
        const char* const end = text.data() + text.size();
        const auto first = std::from_chars(text.data() + open + 1, end, precision);
        if (first.ptr != end && *first.ptr == ',') std::from_chars(first.ptr + 1, end, scale);
    }
    return arrow::decimal128(precision, scale);
}

std::shared_ptr<arrow::DataType> arrow_type(const json::value& type) {
    static const std::map<std::string_view, std::shared_ptr<arrow::DataType>> simple = {
        {"string", arrow::utf8()},
        {"byte", arrow::int8()},
        {"short", arrow::int16()},
        {"integer", arrow::int32()},
        {"long", arrow::int64()},
        {"float", arrow::float32()},
        {"double", arrow::float64()},
        {"boolean", arrow::boolean()},
        {"binary", arrow::binary()},
        {"date", arrow::date32()},
        {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
        {"timestamp_ntz", arrow::timestamp(arrow::TimeUnit::MICRO)},
    };
    if (type.is_object()) return arrow_nested_type(type.get_object());
    const std::string_view name = type.as_string();
    if (name.starts_with("decimal")) return decimal_type(name);
    const auto found = simple.find(name);
    if (found == simple.end()) throw Error(reading_schema, fmt::format("the type {} is not known", name));
    return found->second;
}

}  // namespace

std::shared_ptr<arrow::Schema> arrow_schema(const std::string& schema_json) {
    const auto schema = base::parse_json(schema_json, "the table's schema");
    arrow::FieldVector fields;
    for (const auto& field : schema.at("fields").as_array()) fields.push_back(arrow_field(field));
    return arrow::schema(std::move(fields));
}

}  // namespace millrace::storage
