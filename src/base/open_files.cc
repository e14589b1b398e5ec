#include "base/open_files.h"

#include <sys/resource.h>

namespace millrace::base {

void raise_max_open_files() {
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // if this fails, the old limit stays in force
}

std::size_t max_open_files() {
    constexpr std::size_t usual_limit = 1024;
    ::rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : usual_limit;
}

}  // namespace millrace::base
