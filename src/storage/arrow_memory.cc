#include "storage/arrow_memory.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>
#include <malloc.h>
#include <stdlib.h>

#include <new>

namespace millrace::storage {

namespace {

/// From this size on, a buffer is returned to the system as soon as it is freed. Otherwise the allocator
/// raises the limit to the largest one that was freed, up to 32 MiB, and smaller ones split the memory that
/// is free.
constexpr int large_buffer = 1 << 20;

class ThrowingMemoryPool : public arrow::ProxyMemoryPool {
  public:
    using ProxyMemoryPool::Allocate;
    using ProxyMemoryPool::ProxyMemoryPool;
    using ProxyMemoryPool::Reallocate;

    arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override {
        return thrown(ProxyMemoryPool::Allocate(size, alignment, out));
    }
    /// At its end, a builder shrinks its buffers to what they hold. A buffer that is nearly full keeps its
    /// memory, because the system's allocator would copy it into a smaller one.
    arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                             std::uint8_t** memory) override {
        if (new_size <= old_size && new_size > old_size - old_size / 4) return arrow::Status::OK();
        return thrown(ProxyMemoryPool::Reallocate(old_size, new_size, alignment, memory));
    }

  private:
    static arrow::Status thrown(arrow::Status status) {
        if (status.IsOutOfMemory()) throw std::bad_alloc();
        return status;
    }
};

}  // namespace

arrow::MemoryPool* throwing_memory_pool() {
    // The pool is never destroyed, because memory that it gave may outlive other statics.
    static auto* const pool = new ThrowingMemoryPool(arrow::default_memory_pool());
    return pool;
}

void choose_system_allocator() {
    ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
    ::mallopt(M_MMAP_THRESHOLD, large_buffer);
}

void return_free_memory() {
    arrow::default_memory_pool()->ReleaseUnused();
    ::malloc_trim(0);
}

}  // namespace millrace::storage
