#pragma once

#include <cstddef>

namespace millrace::base {

/// Raises this process's limit of open files (RLIMIT_NOFILE) as far as the system lets it. The usual soft
/// limit of 1,024 is meant for programs that use select(), which this one doesn't.
void raise_max_open_files();

/// How many files and sockets this process may have open at once.
std::size_t max_open_files();

}  // namespace millrace::base
