#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"

namespace millrace::serve {

/// What a program may take; one that takes more is ended.
struct ChildLimits {
    std::chrono::milliseconds time{30'000};
    std::int64_t output_bytes = std::int64_t{64} << 20;  ///< of each file that it writes, too
    const base::StopSignal* stop = nullptr;              ///< ends it before its time
};

/// What a program did.
struct ChildResult {
    enum class Ending { exited, out_of_time, too_much_output, killed };

    Ending ending = Ending::exited;
    int exit_code = 0;
    std::string output;  ///< what it wrote to stdout
    std::string errors;  ///< likewise to stderr
};

/// Runs a program to its end, at a lower priority than this one, with `input` as its stdin and an environment
/// of its own. Its files are in memory, not pipes, so neither side waits for the other. Thread-safe. Throws
/// an Error when it can't be started.
ChildResult run_child(const std::vector<std::string>& command, std::string_view input,
                      const ChildLimits& limits);

}  // namespace millrace::serve
