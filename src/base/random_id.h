#pragma once

#include <string>

namespace millrace::base {

/// Returns sixteen random hexadecimal digits, for names that no other process or machine uses.
std::string random_id();

}  // namespace millrace::base
