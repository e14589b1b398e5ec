#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::collect {

/// A body that cannot be parsed: a usage Error that names the position.
class BadBody : public Error {
  public:
    BadBody(std::string_view what, std::string_view advice)
        : Error("reading the request's body", what, advice, Kind::usage) {}
};

/// The accepted forms of a body, for the remedies of errors.
constexpr const char* accepted_bodies = "Send one JSON object, an array of objects, or one object per line.";

/// The maximum nesting depth of a value. It bounds the stack that parsing uses.
constexpr std::size_t max_depth = 1024;

/// A body that is too large, or becomes too large when it is unpacked: in bytes, or in messages.
class LargeBody : public Error {
  public:
    explicit LargeBody(std::size_t max_bytes, std::string_view what = "it");
    static LargeBody of_messages(std::size_t max_messages);

  private:
    explicit LargeBody(const std::string& cause);
};

/// Splits the bodies of requests. Not thread-safe.
class BodyReader {
  public:
    /// A body that exceeds a limit throws LargeBody.
    struct Limits {
        std::size_t max_messages = 100'000;
        std::size_t max_message_bytes = std::size_t{1} << 20U;
    };

    BodyReader();
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;
    ~BodyReader();

    /// Returns the JSON values of a body as they are written there: the elements of one array, or values that
    /// follow each other (one object, or NDJSON). The views point into `body`, which may be reallocated for
    /// padding. Throws BadBody if the syntax is wrong anywhere or a value nests deeper than max_depth, and
    /// LargeBody if a limit is exceeded. The time is proportional to the body's size.
    std::vector<std::string_view> split(std::string& body, const Limits& limits);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace millrace::collect
