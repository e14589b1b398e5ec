#include "cli/output/browser.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace millrace::cli {

namespace {

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

}  // namespace

bool has_browser() {
    return ::isatty(STDOUT_FILENO) != 0 && (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"));
}

/// A shell starts the browser in the background and ends, so that no child process is left to wait for. The
/// shell has its own session and blocks no signals: Ctrl-C at the terminal does not reach the browser, and
/// other signals do.
void open_in_browser(const std::string& url) {
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    std::string shell = "sh";
    std::string option = "-c";
    std::string commands = "{ xdg-open \"$0\" || open \"$0\"; } >/dev/null 2>&1 </dev/null &";
    std::string address = url;
    char* const arguments[] = {shell.data(), option.data(), commands.data(), address.data(), nullptr};
    pid_t child = 0;
    if (posix_spawnp(&child, "sh", nullptr, &attributes, arguments, environ) == 0)
        ::waitpid(child, nullptr, 0);
    posix_spawnattr_destroy(&attributes);
}

}  // namespace millrace::cli
