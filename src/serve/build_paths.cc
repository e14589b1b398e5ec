#include "serve/build_paths.h"

namespace millrace::serve {

std::filesystem::path pages_of_build() {
    return MILLRACE_PAGES;
}

std::filesystem::path duckdb_of_build() {
    return MILLRACE_DUCKDB;
}

}  // namespace millrace::serve
