#pragma once

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

/// A body that is, or becomes, too large.
class LargeBody : public Error {
  public:
    explicit LargeBody(std::size_t limit);
};

/// Takes requests' bodies apart. Not thread-safe.
class BodyReader {
  public:
    BodyReader();
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;
    ~BodyReader();

    /// The JSON values of a body, as they stand there: the elements of one array, or values one after the
    /// other (one object, or NDJSON). The views point into `body`, whose memory may be moved for padding.
    /// Throws BadBody when the syntax is broken anywhere.
    std::vector<std::string_view> split(std::string& body);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

/// A gzip body, unpacked. Throws LargeBody when it would be larger than `limit`, BadBody when it is damaged.
std::string unzip(std::string_view body, std::size_t limit);

}  // namespace millrace::collect
