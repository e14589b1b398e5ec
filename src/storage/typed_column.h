#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

/// A Delta type can be written to Parquet as several Arrow types: a string also as a large one, as a view, or
/// with a dictionary; an integer with another width; a time with another unit, or without its zone. Each
/// engine has its own way.
namespace millrace::storage {

/// Whether values of the type `from` are of the kind that `to` is, so that as_type() can take them.
bool is_same_kind(const arrow::DataType& from, const arrow::DataType& to);

/// `values` of the same kind, as `type`. Times are cut to its unit. Throws an Error that names the `column`
/// when a value is beyond the type's range.
std::shared_ptr<arrow::Array> as_type(const std::shared_ptr<arrow::Array>& values,
                                      const std::shared_ptr<arrow::DataType>& type, const std::string& column,
                                      const std::string& doing);

}  // namespace millrace::storage
