#pragma once

#include <string>
#include <string_view>

#include "bronze/origin.h"

namespace millrace::collect {

/// A message that waits to be appended to the log.
struct PendingMessage {
    std::string key;    ///< the user's id, else the anonymous one, if `has_key` is true
    std::string value;  ///< the message as it was sent
    std::string place;  ///< its number in the request, from 0
    bool has_key = false;
};

/// What is noted of a request with each of its messages: the parts of a bronze::Origin.
struct RequestOrigin {
    std::string_view format;  ///< a string literal
    std::string path;
    std::string source;    ///< source of the write key; empty: there are no write keys
    std::string request;   ///< the Idempotency-Key; empty: there is none
    std::string received;  ///< time of arrival, milliseconds since 1970
    std::string shared;    ///< JSON of what the request says for all its messages; empty: nothing

    /// Returns the origin of a message. It points into this object and `place`.
    [[nodiscard]] bronze::Origin of(std::string_view place) const {
        const auto unless_empty = [](const std::string& text) {
            return text.empty() ? std::string_view() : std::string_view(text);
        };
        return {.format = format,
                .path = path,
                .source = unless_empty(source),
                .request = unless_empty(request),
                .place = place,
                .received = received,
                .shared = unless_empty(shared),
                .columns = {},
                .replayed = {}};
    }
    /// Returns about how many bytes this adds to each message in the log.
    [[nodiscard]] std::size_t bytes() const {
        constexpr std::size_t names = 128;
        return names + path.size() + source.size() + request.size() + received.size() + shared.size();
    }
};

}  // namespace millrace::collect
