#pragma once

#include <arrow/type_fwd.h>

namespace millrace::storage {

/// Returns Arrow's default memory pool with one change: it throws std::bad_alloc if there is no memory left.
/// Arrow itself reports this by a Status, which parts of Arrow ignore, and then use memory that they did not
/// get.
arrow::MemoryPool* throwing_memory_pool();

}  // namespace millrace::storage
