#pragma once

#include <filesystem>

namespace millrace::serve {

/// Return the paths in the source tree for which the program was built. An installed program has these files
/// beside it and does not use them.
std::filesystem::path pages_of_build();
std::filesystem::path duckdb_of_build();

}  // namespace millrace::serve
