#pragma once

namespace millrace::cli {

/// Runs the command that the arguments name and returns the exit code. Throws a usage Error for invalid
/// arguments. Errors of the command propagate.
int run(int argc, const char* const* argv);

}  // namespace millrace::cli
