#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace millrace::cli {

/// The manual page of a command for section 1, in the macros of man(7).
std::string manual_page(const CommandEntry& command);

}  // namespace millrace::cli
