#pragma once

#include <arrow/type_fwd.h>

namespace millrace::storage {

/// Returns Arrow's default memory pool with one change: it throws std::bad_alloc if there is no memory left.
/// Arrow itself reports this by a Status, which parts of Arrow ignore, and then use memory that they did not
/// get.
arrow::MemoryPool* throwing_memory_pool();

/// Returns free memory of Arrow's pool to the system. The pool keeps some for each thread, so the thread that
/// has read or written files calls it.
void return_free_buffers();
/// Returns free memory of the process and of Arrow's pool to the system, after work that needed much of it.
/// Takes some ms for each 100 MB.
void return_free_memory();

}  // namespace millrace::storage
