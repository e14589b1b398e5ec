#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace millrace::collect {

/// A body that cannot be cut into messages: a usage Error that names the position.
class BadBody : public Error {
  public:
    explicit BadBody(std::string_view what, std::string_view advice = accepted_bodies)
        : Error("reading the request's body", what, advice, Kind::usage) {}

    static constexpr std::string_view accepted_bodies =
        "Send one JSON object, an array of objects, or one object per line.";
};

/// A body that is too large, or becomes too large when it is unpacked: in bytes, or in messages.
class LargeBody : public Error {
  public:
    explicit LargeBody(std::size_t max_bytes, std::string_view what = "it");
    static LargeBody of_messages(std::size_t max_messages);

  private:
    explicit LargeBody(const std::string& cause);
};

}  // namespace millrace::collect
