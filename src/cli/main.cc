#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/log.h"
#include "base/open_files.h"
#include "cli/program.h"
#include "storage/arrow_memory.h"

int main(int argc, char** argv) {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2")) {
        std::fputs(
            "millrace: this build requires a processor with AVX2; rebuild it with -DMILLRACE_ARCH=westmere\n",
            stderr);
        return 3;
    }
#endif
    millrace::base::raise_max_open_files();
    millrace::storage::choose_system_allocator();
    try {
        return millrace::cli::run(argc, argv);
    } catch (const millrace::Error& error) {
        millrace::base::tell(fmt::format("millrace: {}\n", error.what()));
        return error.exit_code();
    } catch (const std::bad_alloc&) {
        millrace::base::tell(
            "millrace: out of memory. Provide more memory, or lower --dedupe-memory and --batch-rows.\n");
        return 3;
    } catch (const std::exception& error) {
        millrace::base::tell(fmt::format("millrace: unexpected error: {}\n", error.what()));
        return 3;
    }
}
