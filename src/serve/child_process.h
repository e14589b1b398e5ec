#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"
#include "base/units.h"

namespace millrace::serve {

/// A command to run.
struct ChildCommand {
    std::vector<std::string> arguments;  ///< arguments, starting with the program's absolute path
    std::filesystem::path directory;     ///< working directory
    std::string_view input;              ///< content of stdin
};

/// The limits of a program. The operating system enforces them, whatever the program does.
struct ChildLimits {
    base::Duration time = std::chrono::seconds(30);
    int threads = 2;  ///< number of threads that may be busy for the whole time
    /// All memory that the program writes to and does not share: heap, stacks, data.
    std::int64_t memory_bytes = std::int64_t{1} << 30;
    std::int64_t file_bytes = 0;  ///< maximum size of each file that it writes
    std::int64_t output_bytes = std::int64_t{64} << 20;
    const base::StopSignal* stop = nullptr;  ///< ends the program early
};

/// How a program ended.
struct ChildResult {
    enum class Ending { exited, out_of_time, too_much_output, file_too_large, stopped, killed };

    Ending ending = Ending::exited;
    int exit_code = 0;
    int signal = 0;      ///< signal that killed it
    std::string errors;  ///< the beginning of its stderr
};

/// Runs a program to its end, at a lower priority than this process and with an empty environment (except
/// LC_ALL). Calls `on_output` with each piece of its stdout. If `on_output` throws, the program is killed.
/// Throws an Error if the program cannot be started. Thread-safe.
ChildResult run_child(const ChildCommand& command, const ChildLimits& limits,
                      const std::function<void(std::string_view)>& on_output);

}  // namespace millrace::serve
