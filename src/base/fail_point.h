#pragma once

namespace millrace::base {

/// A named place, after a write, sync, rename or commit, where a crash test may kill the process.
///
/// The product links fail_point_off.cc, where this does nothing. The crash tests' twin links
/// fail_point_on.cc: with MILLRACE_FAIL_AT=name:N in the environment the Nth passage of `name` ends the
/// process as kill -9 would (with MILLRACE_FAIL_STOP set it only stops it, as SIGSTOP would); with
/// MILLRACE_FAIL_LIST=FILE each name is added to FILE when it is first passed.
void fail_point(const char* name);

}  // namespace millrace::base
