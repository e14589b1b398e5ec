#pragma once

#include <string>

namespace millrace::cli {

/// Whether a page that is opened would be seen: stdout is a terminal on a screen that has windows.
bool has_browser();

/// Opens an address in the user's browser, if there is one, and doesn't wait for it.
void open_in_browser(const std::string& url);

}  // namespace millrace::cli
