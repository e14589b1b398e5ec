#include "storage/typed_column.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>

#include <algorithm>

#include "storage/arrow_status.h"

namespace millrace::storage {

namespace {

/// The kind of a type's values, however they are stored.
enum class Kind { null, bytes, integer, real, boolean, time, decimal, list, structure, other };

Kind kind_of(arrow::Type::type type) {
    using arrow::Type;
    switch (type) {
        case Type::NA:
            return Kind::null;
        case Type::STRING:
        case Type::LARGE_STRING:
        case Type::STRING_VIEW:
        case Type::BINARY:
        case Type::LARGE_BINARY:
        case Type::BINARY_VIEW:
        case Type::FIXED_SIZE_BINARY:
            return Kind::bytes;
        case Type::HALF_FLOAT:
        case Type::FLOAT:
        case Type::DOUBLE:
            return Kind::real;
        case Type::BOOL:
            return Kind::boolean;
        case Type::TIMESTAMP:
            return Kind::time;
        case Type::LIST:
        case Type::LARGE_LIST:
        case Type::LIST_VIEW:
        case Type::LARGE_LIST_VIEW:
        case Type::FIXED_SIZE_LIST:
            return Kind::list;
        case Type::STRUCT:
            return Kind::structure;
        default:
            return arrow::is_integer(type)   ? Kind::integer
                   : arrow::is_decimal(type) ? Kind::decimal
                                             : Kind::other;
    }
}

}  // namespace

bool is_same_kind(const arrow::DataType& from, const arrow::DataType& to) {
    if (from.id() == arrow::Type::DICTIONARY)
        return is_same_kind(*dynamic_cast<const arrow::DictionaryType&>(from).value_type(), to);
    const Kind kind = kind_of(from.id());
    if (kind == Kind::null || from.Equals(to)) return true;
    if (kind == Kind::other || kind != kind_of(to.id())) return false;
    if (kind != Kind::list && kind != Kind::structure) return true;
    return std::ranges::equal(from.fields(), to.fields(), [&](const auto& of_from, const auto& of_to) {
        return (kind == Kind::list || of_from->name() == of_to->name()) &&
               is_same_kind(*of_from->type(), *of_to->type());
    });
}

std::shared_ptr<arrow::Array> as_type(const std::shared_ptr<arrow::Array>& values,
                                      const std::shared_ptr<arrow::DataType>& type, const std::string& column,
                                      const std::string& doing) {
    if (values->type()->Equals(*type)) return values;
    auto options = arrow::compute::CastOptions::Safe();
    options.allow_time_truncate = true;
    auto cast = arrow::compute::Cast(*values, type, options);
    if (!cast.ok()) throw Error(doing, fmt::format("the column {}: {}", column, cast.status().message()));
    return std::move(cast).MoveValueUnsafe();
}

}  // namespace millrace::storage
