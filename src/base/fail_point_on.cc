#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <set>
#include <string>

#include "base/fail_point.h"
#include "base/mutex.h"

namespace millrace::base {

namespace {

struct Target {
    std::string name;
    long passages = 0;
    int signal = SIGKILL;
};

Target read_target() {
    const char* text = std::getenv("MILLRACE_FAIL_AT");
    if (text == nullptr) return {};
    Target target{text, 1};
    if (const auto colon = target.name.find(':'); colon != std::string::npos) {
        target.passages = std::atol(target.name.c_str() + colon + 1);
        target.name.resize(colon);
    }
    if (std::getenv("MILLRACE_FAIL_STOP") != nullptr) target.signal = SIGSTOP;
    return target;
}

/// The names of the fail points that were passed.
struct Seen {
    Mutex mutex;
    std::set<std::string> names MILLRACE_GUARDED_BY(mutex);
};

void list(const char* name) {
    static const char* file = std::getenv("MILLRACE_FAIL_LIST");
    if (file == nullptr) return;
    static Seen seen;
    const MutexLock lock(seen.mutex);
    if (!seen.names.insert(name).second) return;
    const int fd = ::open(file, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) return;
    const std::string line = std::string(name) + "\n";
    if (::write(fd, line.data(), line.size()) < 0) ::abort();
    ::close(fd);
}

}  // namespace

void fail_point(const char* name) {
    static const Target target = read_target();
    static std::atomic<long> passages = 0;
    list(name);
    if (target.name != name) return;
    if (++passages == target.passages) ::kill(::getpid(), target.signal);
}

}  // namespace millrace::base
