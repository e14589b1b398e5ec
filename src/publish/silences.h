#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "catalog/data_directory.h"
#include "model/alert.h"

namespace millrace::publish {

/// A period in which alerts are not sent. They are still written to the alerts table.
struct Silence {
    std::string rule;
    std::string subject;  ///< empty: all subjects of the rule
    base::WallTime until;

    [[nodiscard]] base::json::object to_json() const;
};

/// Returns the silences that are in effect at `now`. Throws Error if the file is damaged.
std::vector<Silence> read_silences(const catalog::DataDirectory& data, base::WallTime now);
/// Adds or replaces a silence, or ends it if `until` is in the past. Removes expired silences from the
/// file.
void put_silence(const catalog::DataDirectory& data, const Silence& silence, base::WallTime now);
/// Returns true if one of the silences covers the alert.
bool is_silenced(const model::Alert& alert, const std::vector<Silence>& silences);

}  // namespace millrace::publish
