#pragma once

#include "verify/verify.h"

namespace millrace::verify {

/// Checks the gold tables: their columns and files, that no row stands twice, and that each hour's events and
/// revenue are silver's. Events that came after their hour was closed, or that Gold has yet to take in, are
/// silver's alone: they are noted, with the command that takes them in.
void verify_gold(const catalog::DataDirectory& data, VerifyReport& report);

}  // namespace millrace::verify
