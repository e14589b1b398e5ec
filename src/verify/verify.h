#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/units.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"

namespace millrace::verify {

/// One thing that was checked.
struct Check {
    std::string name;
    bool passed = true;
    std::string detail;  ///< the first mismatch, precisely, or what was counted
};

struct VerifyReport {
    std::vector<Check> checks;
    std::vector<std::string> notes;  ///< worth knowing, but no fault: orphan files, say

    [[nodiscard]] bool passed() const;
    [[nodiscard]] base::json::object to_json() const;
};

/// Checks the tables against the log, by reading the files themselves: per partition received = silver +
/// duplicates + quarantined, every offset at most once, schema, nulls, prices, partition values, duplicate
/// ids, files; and Gold against silver (verify_gold.h). Reads silver first, then quarantine below silver's
/// offsets, so that it may run while a writer does.
VerifyReport verify(const catalog::DataDirectory& data, const bronze::EventLog& log);

}  // namespace millrace::verify
