#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::collect {

/// A body that can't be taken apart: a usage error, which names the place.
class BadBody : public Error {
  public:
    BadBody(std::string_view what, std::string_view advice)
        : Error("reading the request's body", what, advice, Kind::usage) {}
};

/// What may be sent, for the advice of errors.
constexpr const char* accepted_bodies = "Send one JSON object, an array of them, or one a line.";

/// How deep a value may nest. Bounds the stack that parsing takes.
constexpr std::size_t max_depth = 1024;

/// A body that is, or becomes, too large: in bytes, or in messages.
class LargeBody : public Error {
  public:
    explicit LargeBody(std::size_t max_bytes, std::string_view what = "it");
    static LargeBody of_messages(std::size_t max_messages);

  private:
    explicit LargeBody(const std::string& cause);
};

/// A Content-Encoding that nothing here unpacks.
class UnknownEncoding : public Error {
  public:
    explicit UnknownEncoding(std::string_view encoding)
        : Error("reading the request's body", "its Content-Encoding is " + std::string(encoding),
                "Send it as it is, or as gzip.", Kind::usage) {}
};

/// Takes requests' bodies apart. Not thread-safe.
class BodyReader {
  public:
    /// More is a LargeBody.
    struct Limits {
        std::size_t max_messages = 100'000;
        std::size_t max_message_bytes = std::size_t{1} << 20U;
    };

    BodyReader();
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;
    ~BodyReader();

    /// The JSON values of a body, as they stand there: the elements of one array, or values one after the
    /// other (one object, or NDJSON). The views point into `body`, whose memory may be moved for padding.
    /// Throws BadBody when the syntax is broken anywhere or a value nests deeper than max_depth, LargeBody.
    /// Takes time in proportion to the body's size.
    std::vector<std::string_view> split(std::string& body, const Limits& limits);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

/// A gzip body, unpacked. Throws LargeBody when it would be larger than `limit`, BadBody when it is damaged.
std::string unzip(std::string_view body, std::size_t limit);

}  // namespace millrace::collect
