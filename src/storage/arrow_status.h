#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string_view>
#include <utility>

#include "base/error.h"

/// Arrow reports failures as values; this is the edge where they become Errors.
namespace millrace::storage {

[[noreturn]] void throw_status(const arrow::Status& status, std::string_view doing);

/// Throws an Error that says what was being `doing` when `status` is not OK.
inline void check(const arrow::Status& status, std::string_view doing) {
    if (!status.ok()) [[unlikely]]
        throw_status(status, doing);
}

/// The value of `result`, or an Error.
template <typename T>
T value_of(arrow::Result<T> result, std::string_view doing) {
    if (!result.ok()) [[unlikely]]
        throw_status(result.status(), doing);
    return std::move(result).ValueUnsafe();
}

}  // namespace millrace::storage
