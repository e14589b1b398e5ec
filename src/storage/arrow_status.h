#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string_view>
#include <utility>

#include "base/error.h"

/// Arrow reports failures as values. The functions of this file turn them into Errors.
namespace millrace::storage {

[[noreturn]] void throw_status(const arrow::Status& status, std::string_view doing);

/// Throws an Error that names the action `doing` if `status` is not OK.
inline void check(const arrow::Status& status, std::string_view doing) {
    if (!status.ok()) [[unlikely]]
        throw_status(status, doing);
}

/// Returns the value of `result`. Throws an Error that names the action `doing` if it has none.
template <typename T>
T value_of(arrow::Result<T> result, std::string_view doing) {
    if (!result.ok()) [[unlikely]]
        throw_status(result.status(), doing);
    return std::move(result).ValueUnsafe();
}

}  // namespace millrace::storage
