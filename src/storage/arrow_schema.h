#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

namespace millrace::storage {

/// Returns the Arrow schema of a schema in Delta's JSON, also of types that Millrace's own tables do not use.
/// Times have microseconds, in UTC unless they are local. Throws an Error that names a type that is not
/// known.
std::shared_ptr<arrow::Schema> arrow_schema(const std::string& schema_json);

/// Returns the schema in Delta's JSON. Throws an Error that names a type that a Delta table cannot have.
std::string delta_schema(const arrow::Schema& schema);

}  // namespace millrace::storage
