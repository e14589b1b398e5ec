#include "storage/arrow_schema.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "base/error.h"
#include "base/json.h"

namespace millrace::storage {

namespace json = boost::json;

namespace {

constexpr auto reading_schema = "reading the table's schema";
constexpr auto making_schema = "making the schema of a table";

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

json::value delta_type(const arrow::DataType& type);

/// Names of columns are equal in Delta when only the case of their letters differs, and some characters need
/// a feature of the table (column mapping).
void check_names(const arrow::FieldVector& fields) {
    const auto refuse = [](const std::string& what, const std::string& hint) {
        throw usage_error(making_schema, what, hint);
    };
    if (fields.empty()) refuse("a Delta table has no structure without members", "Leave the column out.");
    std::set<std::string> names;
    for (const auto& field : fields) {
        if (field->name().empty() || field->name().find_first_of(" ,;{}()\n\t=") != std::string::npos)
            refuse(fmt::format("a Delta table has no column named \"{}\"", field->name()),
                   "Use letters, digits and underscores.");
        std::string lower = field->name();
        std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
        if (!names.insert(lower).second)
            refuse(fmt::format("two columns are named {}", field->name()), "Give one another name.");
    }
}

json::object delta_struct(const arrow::FieldVector& children) {
    check_names(children);
    json::array fields;
    for (const auto& field : children) {
        fields.push_back(json::object{{"name", field->name()},
                                      {"type", delta_type(*field->type())},
                                      {"nullable", field->nullable()},
                                      {"metadata", json::object{}}});
    }
    return {{"type", "struct"}, {"fields", std::move(fields)}};
}

[[noreturn]] void throw_no_delta_type(const arrow::DataType& type, const std::string& hint) {
    throw usage_error(making_schema, fmt::format("a Delta table has no type {}", type.ToString()), hint);
}

json::value delta_number_type(const arrow::DataType& type) {
    static const std::map<arrow::Type::type, std::string_view> numbers = {
        {arrow::Type::INT8, "byte"},   {arrow::Type::INT16, "short"}, {arrow::Type::INT32, "integer"},
        {arrow::Type::INT64, "long"},  {arrow::Type::FLOAT, "float"}, {arrow::Type::DOUBLE, "double"},
        {arrow::Type::DATE32, "date"}, {arrow::Type::BOOL, "boolean"}};
    const auto found = numbers.find(type.id());
    if (found == numbers.end())
        throw_no_delta_type(type, arrow::is_unsigned_integer(type.id()) ? "Give it as a signed integer."
                                                                        : "Cast the column.");
    return json::string(found->second);
}

json::value delta_type(const arrow::DataType& type) {
    switch (type.id()) {
        case arrow::Type::STRING:
        case arrow::Type::LARGE_STRING:
        case arrow::Type::STRING_VIEW:
            return "string";
        case arrow::Type::BINARY:
        case arrow::Type::LARGE_BINARY:
        case arrow::Type::BINARY_VIEW:
            return "binary";
        case arrow::Type::DICTIONARY:
            return delta_type(*dynamic_cast<const arrow::DictionaryType&>(type).value_type());
        case arrow::Type::TIMESTAMP:
            // One without a zone needs a feature of the table (timestampNtz) that its writers would have to
            // know.
            if (dynamic_cast<const arrow::TimestampType&>(type).timezone().empty())
                throw_no_delta_type(type, "Give it a time zone, such as timestamp[us, tz=UTC].");
            return "timestamp";
        case arrow::Type::DECIMAL128: {
            const auto& decimal = dynamic_cast<const arrow::Decimal128Type&>(type);
            if (decimal.scale() < 0 || decimal.scale() > decimal.precision())
                throw_no_delta_type(type, "Give it a scale from 0 to its precision.");
            return json::string(fmt::format("decimal({},{})", decimal.precision(), decimal.scale()));
        }
        case arrow::Type::STRUCT:
            return delta_struct(type.fields());
        case arrow::Type::LIST:
        case arrow::Type::LARGE_LIST: {
            const auto& element = type.field(0);
            return json::object{{"type", "array"},
                                {"elementType", delta_type(*element->type())},
                                {"containsNull", element->nullable()}};
        }
        default:
            return delta_number_type(type);
    }
}

}  // namespace

std::string delta_schema(const arrow::Schema& schema) {
    return json::serialize(delta_struct(schema.fields()));
}

std::shared_ptr<arrow::Schema> arrow_schema(const std::string& schema_json) {
    const auto schema = base::parse_json(schema_json, "the table's schema");
    arrow::FieldVector fields;
    for (const auto& field : schema.at("fields").as_array()) fields.push_back(arrow_field(field));
    return arrow::schema(std::move(fields));
}

}  // namespace millrace::storage
