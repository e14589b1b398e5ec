#pragma once

#include <arrow/type_fwd.h>

namespace millrace::storage {

/// Returns Arrow's default memory pool with one change: it throws std::bad_alloc if there is no memory left.
/// Arrow itself reports this by a Status, which parts of Arrow ignore, and then use memory that they did not
/// get.
arrow::MemoryPool* throwing_memory_pool();

/// Lets Arrow take its memory from the system's allocator, unless the environment variable
/// ARROW_DEFAULT_MEMORY_POOL names another one. Arrow's own choice keeps some for each thread that has read
/// or written files, about 20 MiB in all, and is not faster here. Lets the allocator return large buffers at
/// once. To be called before Arrow is used.
void choose_system_allocator();
/// Returns free memory to the system, after work that needed much of it. Takes some ms for each 100 MB.
void return_free_memory();

}  // namespace millrace::storage
