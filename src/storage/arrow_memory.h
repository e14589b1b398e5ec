#pragma once

#include <arrow/type_fwd.h>

namespace millrace::storage {

/// Arrow's default memory, but std::bad_alloc is thrown where there is none left. Arrow itself reports that
/// by a Status, which parts of it don't look at: they go on with what they didn't get.
arrow::MemoryPool* throwing_memory_pool();

}  // namespace millrace::storage
