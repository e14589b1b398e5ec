#pragma once

namespace millrace::base {

/// A named place, after a write, sync, rename or commit, where a crash test may kill the process.
///
/// The product links fail_point_off.cc, in which this function does nothing. The program for crash tests
/// links fail_point_on.cc. With MILLRACE_FAIL_AT=name:N in the environment, the Nth call with `name` ends the
/// process with SIGKILL, or pauses it with SIGSTOP if MILLRACE_FAIL_STOP is set. With
/// MILLRACE_FAIL_LIST=FILE, the first call with each name appends the name to FILE.
void fail_point(const char* name);

}  // namespace millrace::base
