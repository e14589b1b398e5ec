#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace millrace::verify {

/// The outcome of one check.
struct Check {
    std::string name;
    bool passed = true;
    std::string detail;  ///< the first mismatch, or what was counted
};

/// The outcome of all checks.
struct VerifyReport {
    std::vector<Check> checks;
    std::vector<std::string> notes;  ///< facts that are worth knowing but are no faults, such as orphan files

    [[nodiscard]] bool passed() const;
    [[nodiscard]] base::json::object to_json() const;
};

}  // namespace millrace::verify
