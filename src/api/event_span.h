#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "storage/delta_checkpoint.h"

namespace millrace::api {

/// The times of a shop's first and last event, in µs; they may lie up to a millisecond outside.
struct EventSpan {
    std::int64_t first = 0;
    std::int64_t last = 0;

    /// {first, last} in ms.
    [[nodiscard]] base::json::object to_json() const;
};

/// Finds them in the stats that the silver table's log has of its files: no data is read. Nothing when the
/// table has no rows, or other writers have kept no stats.
std::optional<EventSpan> event_span(const storage::Snapshot& silver);

}  // namespace millrace::api
