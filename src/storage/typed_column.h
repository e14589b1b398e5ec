#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

/// Parquet files can hold a Delta type as several Arrow types: a string also as a large string, as a view, or
/// with a dictionary; an integer with another width; a time with another unit, or without its zone. Each
/// engine writes its own variant.
namespace millrace::storage {

/// Returns whether values of the type `from` are of the same kind as `to`, so that as_type() accepts them.
bool is_same_kind(const arrow::DataType& from, const arrow::DataType& to);

/// Returns `values`, which are of the same kind, as `type`. Times are truncated to its unit. Throws an Error
/// that names the `column` if a value is outside of the type's range.
std::shared_ptr<arrow::Array> as_type(const std::shared_ptr<arrow::Array>& values,
                                      const std::shared_ptr<arrow::DataType>& type, const std::string& column,
                                      const std::string& doing);

}  // namespace millrace::storage
