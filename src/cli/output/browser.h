#pragma once

#include <string>

namespace millrace::cli {

/// Whether the user would see a page: stdout is a terminal, and DISPLAY or WAYLAND_DISPLAY is set.
bool has_browser();

/// Opens an address in the user's browser, if there is one, and does not wait for the browser.
void open_in_browser(const std::string& url);

}  // namespace millrace::cli
