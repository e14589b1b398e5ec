#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace millrace::base {

/// Starts the process's logger. It writes to stderr because stdout is for reports. `format` is "text" or
/// "json"; another format throws a usage Error. A `quiet` logger writes warnings and errors only.
void start_log(std::string_view format, bool quiet);

/// Writes `text` to stderr unchanged. A failure to write, such as a full disk, is ignored so that it does not
/// end the program.
void tell(std::string_view text);

}  // namespace millrace::base
