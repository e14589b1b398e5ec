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

/// A program to run.
struct ChildCommand {
    std::vector<std::string> arguments;  ///< the program's absolute path first
    std::filesystem::path directory;     ///< where it starts
    std::string_view input;              ///< its stdin
};

/// What a program may take. The operating system enforces it, whatever the program does.
struct ChildLimits {
    base::Duration time = std::chrono::seconds(30);
    int threads = 2;  ///< all of which may be busy for the whole time
    /// Everything that it writes to and shares with nobody: heap, stacks, data.
    std::int64_t memory_bytes = std::int64_t{1} << 30;
    std::int64_t file_bytes = 0;  ///< the size of each file that it writes
    std::int64_t output_bytes = std::int64_t{64} << 20;
    const base::StopSignal* stop = nullptr;  ///< ends it before its time
};

/// How a program ended.
struct ChildResult {
    enum class Ending { exited, out_of_time, too_much_output, file_too_large, stopped, killed };

    Ending ending = Ending::exited;
    int exit_code = 0;
    int signal = 0;      ///< that killed it
    std::string errors;  ///< the start of what it wrote to stderr
};

/// Runs a program to its end, at a lower priority than this one and with an environment of its own.
/// `on_output` is given its stdout, piece by piece; an exception that it throws ends the program.
/// Thread-safe. Throws an Error when the program can't be started.
ChildResult run_child(const ChildCommand& command, const ChildLimits& limits,
                      const std::function<void(std::string_view)>& on_output);

}  // namespace millrace::serve
