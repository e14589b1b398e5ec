#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace millrace::base {

/// The logger of the process, on stderr, since stdout belongs to reports. `format` is "text" or "json".
/// Throws a usage Error for another format.
void start_log(std::string_view format, bool quiet);

}  // namespace millrace::base
