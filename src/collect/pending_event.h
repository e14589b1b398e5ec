#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace millrace::collect {

/// An event that waits to be appended to the log.
struct PendingEvent {
    std::string key;    ///< the user's id, if `has_key` is true
    std::string value;  ///< the JSON text that will be stored
    bool has_key = false;
};

/// A part of an event that breaks no rule, but was probably meant otherwise.
struct Warning {
    std::size_t index = 0;  ///< number of the event in its request, from 0
    std::string field;
    std::string message;
};

/// Properties of a request that apply to all its events.
struct RequestContext {
    std::string_view source;           ///< source of the write key
    std::string_view idempotency_key;  ///< empty if the request has none
    base::WallTime time;               ///< arrival time
};

/// Adds missing fields to events. Not thread-safe.
class EventDefaults {
  public:
    EventDefaults();
    EventDefaults(const EventDefaults&) = delete;
    EventDefaults& operator=(const EventDefaults&) = delete;
    ~EventDefaults();

    /// Returns `event`, the `index`th event of its request, with the fields that it lacks. `event` is JSON,
    /// and simdjson's padding must be readable behind it. A missing event_id becomes a hash of source,
    /// idempotency key, index and text, so that a request that is sent again adds nothing; without an
    /// idempotency key it is random. A missing timestamp becomes the time of arrival. A value that is not an
    /// object is not changed. Appends to `warnings`, which holds at most max_warnings.
    PendingEvent complete(std::string_view event, std::size_t index, const RequestContext& arrival,
                          std::vector<Warning>& warnings);

    static constexpr std::size_t max_warnings = 100;

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace millrace::collect
