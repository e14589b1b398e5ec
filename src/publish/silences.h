#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "catalog/data_directory.h"
#include "model/alert.h"

namespace millrace::publish {

/// Alerts that nobody wants to be told of for a while: they are in the table, and not sent.
struct Silence {
    std::string rule;
    std::string subject;  ///< empty: whatever the rule is about
    std::int64_t until_ms = 0;

    [[nodiscard]] base::json::object to_json() const;
};

/// Those that hold at `now_ms`.
std::vector<Silence> read_silences(const catalog::DataDirectory& data, std::int64_t now_ms);
/// Adds one, or ends it where `until_ms` is past; those that are over are forgotten.
void put_silence(const catalog::DataDirectory& data, const Silence& silence, std::int64_t now_ms);
/// Whether one of them is for the alert.
bool is_silenced(const model::Alert& alert, const std::vector<Silence>& silences);

}  // namespace millrace::publish
