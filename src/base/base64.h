#pragma once

#include <string>
#include <string_view>

namespace millrace::base {

/// Returns the bytes in base64 (RFC 4648), with padding.
std::string base64(std::string_view bytes);

}  // namespace millrace::base
