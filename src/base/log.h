#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace millrace::base {

/// The logger of the process, on stderr, since stdout belongs to reports. `format` is "text" or "json".
/// Throws a usage Error for another format.
void start_log(std::string_view format, bool quiet);

/// Writes to stderr as it stands. What can't be written there (a full disk) is let go: it must not end the
/// program.
void tell(std::string_view text);

}  // namespace millrace::base
