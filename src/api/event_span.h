#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "storage/delta_checkpoint.h"

namespace millrace::api {

/// The times of the first and the last event of a shop. They may be up to a millisecond outside the exact
/// range.
struct EventSpan {
    model::Timestamp first;
    model::Timestamp last;

    /// Returns {first, last} in milliseconds.
    [[nodiscard]] base::json::object to_json() const;
};

/// Computes the span from the file statistics in the log of the silver table, without reading data. Returns
/// nothing if the table has no rows, or if its files have no statistics.
std::optional<EventSpan> event_span(const storage::Snapshot& silver);

}  // namespace millrace::api
