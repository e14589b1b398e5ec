#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::collect {

/// A Content-Encoding that is not supported.
class UnknownEncoding : public Error {
  public:
    explicit UnknownEncoding(std::string_view encoding);
};

/// Undoes the Content-Encoding of a request: gzip or x-gzip, deflate (with zlib's header or without), br and
/// zstd in any case, also several that were applied one after the other. Throws UnknownEncoding for another
/// one, LargeBody if the result of a step would be larger than `limit`, and BadBody for damaged data.
std::string decode_body(std::string_view body, std::string_view encodings, std::size_t limit);

}  // namespace millrace::collect
