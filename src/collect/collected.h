#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::collect {

/// An event on its way into the log.
struct Collected {
    std::string key;    ///< the user's id, unless `has_key` is false
    std::string value;  ///< JSON, as it will be stored
    bool has_key = false;
};

/// What a request says of all its events.
struct Arrival {
    std::string_view source;           ///< the write key's
    std::string_view idempotency_key;  ///< empty: none
    std::int64_t time_ms = 0;          ///< since 1970
};

/// Gives events what they lack. Not thread-safe.
class Completer {
  public:
    Completer();
    Completer(const Completer&) = delete;
    Completer& operator=(const Completer&) = delete;
    ~Completer();

    /// `event`, JSON behind which simdjson's padding can be read, is the `index`th of its request. Without an
    /// event_id it gets one: a hash of source, idempotency key and index, so that a request that is sent
    /// again adds nothing; a random one where there is no such key. Without a timestamp it gets the
    /// arrival's. What isn't an object stays as it is.
    Collected complete(std::string_view event, std::size_t index, const Arrival& arrival);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace millrace::collect
