#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::collect {

/// An event on its way into the log.
struct PendingEvent {
    std::string key;    ///< the user's id, unless `has_key` is false
    std::string value;  ///< JSON, as it will be stored
    bool has_key = false;
};

/// Something of an event that breaks no rule, but was probably meant otherwise.
struct Warning {
    std::size_t index = 0;  ///< of the event in its request
    std::string field;
    std::string message;
};

/// What a request says of all its events.
struct RequestContext {
    std::string_view source;           ///< the write key's
    std::string_view idempotency_key;  ///< empty: none
    std::int64_t time_ms = 0;          ///< since 1970
};

/// Gives events what they lack. Not thread-safe.
class EventDefaults {
  public:
    EventDefaults();
    EventDefaults(const EventDefaults&) = delete;
    EventDefaults& operator=(const EventDefaults&) = delete;
    ~EventDefaults();

    /// `event`, JSON behind which simdjson's padding can be read, is the `index`th of its request. Without an
    /// event_id it gets one: a hash of source, idempotency key, index and text, so that a request that is
    /// sent again adds nothing; a random one where there is no such key. Without a timestamp it gets the
    /// arrival's. What isn't an object stays as it is.
    /// Adds to `warnings`, of which it keeps at most max_warnings.
    PendingEvent complete(std::string_view event, std::size_t index, const RequestContext& arrival,
                          std::vector<Warning>& warnings);

    static constexpr std::size_t max_warnings = 100;

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace millrace::collect
