#pragma once

#include <string>

namespace millrace::base {

/// Sixteen random hexadecimal digits, for names that no other process or machine gives.
std::string random_id();

}  // namespace millrace::base
