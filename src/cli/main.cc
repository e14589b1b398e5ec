#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <system_error>

#include "base/error.h"
#include "base/log.h"
#include "base/open_files.h"
#include "cli/program.h"
#include "storage/arrow_memory.h"

namespace {

constexpr auto out_of_memory =
    "millrace: out of memory. Provide more memory, or lower --dedupe-memory and --batch-rows.\n";
constexpr int runtime_error = 3;

thread_local bool memory_ran_out = false;
std::terminate_handler terminate_as_before = nullptr;

void note_that_memory_ran_out() {
    memory_ran_out = true;
    throw std::bad_alloc();
}

/// Some functions of the standard library and of Arrow let no exception out: where memory ends in them, the
/// runtime ends the program. The user gets the same error then as from any other place.
[[noreturn]] void end_program() {
    if (memory_ran_out) {
        millrace::base::tell(out_of_memory);
        ::_exit(runtime_error);
    }
    terminate_as_before();
    std::abort();
}

}  // namespace

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
    std::set_new_handler(note_that_memory_ran_out);
    terminate_as_before = std::set_terminate(end_program);
    try {
        return millrace::cli::run(argc, argv);
    } catch (const millrace::Error& error) {
        millrace::base::tell(fmt::format("millrace: {}\n", error.what()));
        return error.exit_code();
    } catch (const std::bad_alloc&) {
        millrace::base::tell(out_of_memory);
        return runtime_error;
    } catch (const std::system_error& error) {
        const bool lacks_threads = error.code() == std::errc::resource_unavailable_try_again;
        millrace::base::tell(lacks_threads ? "millrace: no thread can be created. Provide more memory, or "
                                             "raise the limit of processes.\n"
                                           : fmt::format("millrace: unexpected error: {}\n", error.what()));
        return runtime_error;
    } catch (const std::exception& error) {
        millrace::base::tell(fmt::format("millrace: unexpected error: {}\n", error.what()));
        return runtime_error;
    }
}
