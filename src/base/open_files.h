#pragma once

#include <cstddef>

namespace millrace::base {

/// Raises this process's limit of open files (RLIMIT_NOFILE) to the hard limit. The usual soft limit of 1,024
/// is meant for programs that use select(), and this program does not.
void raise_max_open_files();

/// Returns how many files and sockets this process may have open at once.
std::size_t max_open_files();

}  // namespace millrace::base
