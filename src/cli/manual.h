#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace millrace::cli {

/// The manual page of a command, in man's macros (man(7)), for section 1.
std::string manual_page(const CommandEntry& command);

}  // namespace millrace::cli
