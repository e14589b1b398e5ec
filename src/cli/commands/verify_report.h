#pragma once

#include "verify/verify_report.h"

namespace millrace::cli {

/// Prints the report for people; returns the exit code, 1 when a check failed.
int print_verify_report(const verify::VerifyReport& report);

}  // namespace millrace::cli
