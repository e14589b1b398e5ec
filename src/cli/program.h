#pragma once

namespace millrace::cli {

/// Runs the command that the arguments name and returns the exit code. Throws a usage Error for arguments
/// that can't be run, and what the command throws.
int run(int argc, const char* const* argv);

}  // namespace millrace::cli
