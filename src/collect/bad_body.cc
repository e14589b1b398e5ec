#include "collect/bad_body.h"

#include <fmt/format.h>

namespace millrace::collect {

LargeBody::LargeBody(const std::string& cause)
    : Error("reading the request's body", cause, "Send fewer events at once.", Kind::usage) {}

LargeBody::LargeBody(std::size_t max_bytes, std::string_view what)
    : LargeBody(fmt::format("{} has more than {} bytes", what, max_bytes)) {}

LargeBody LargeBody::of_messages(std::size_t max_messages) {
    return LargeBody(fmt::format("it has more than {} messages", max_messages));
}

}  // namespace millrace::collect
