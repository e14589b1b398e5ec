#include "base/process_copy.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace millrace::base {

namespace {

/// Makes this process end with the thread that forked it. False when that thread has ended already.
bool end_with(pid_t parent) {
    return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

/// Closes all files and sockets of this process, which is a copy, except `kept`, and returns its new number.
/// The standard streams then lead to /dev/null, so that a reader of the program's output does not wait for
/// the copy.
int close_all_but(int kept) {
    constexpr int place = STDERR_FILENO + 1;
    ::dup2(kept, place);
    ::closefrom(place + 1);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; ++standard) ::dup2(nowhere, standard);
    if (nowhere > place) ::close(nowhere);
    return place;
}

bool succeeded(int status) {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::unique_ptr<ProcessCopy> ProcessCopy::start(int kept, const std::function<void(int)>& work) {
    const pid_t process = ::getpid();
    const pid_t id = ::fork();
    if (id < 0) return nullptr;
    if (id > 0) return std::unique_ptr<ProcessCopy>(new ProcessCopy(id));
    int status = end_with(process) ? 0 : 1;
    try {
        const int file = close_all_but(kept);
        if (status == 0) work(file);
    } catch (...) {
        status = 1;
    }
    ::_exit(status);
}

std::optional<bool> ProcessCopy::result() {
    int status = 0;
    if (!result_ && ::waitpid(id_, &status, WNOHANG) == id_) result_ = succeeded(status);
    return result_;
}

bool ProcessCopy::wait() {
    int status = 0;
    if (!result_) result_ = ::waitpid(id_, &status, 0) == id_ && succeeded(status);
    return *result_;
}

bool ProcessCopy::wait_for(std::chrono::milliseconds limit) {
    if (!result()) {
        const int process = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
        pollfd end{.fd = process, .events = POLLIN, .revents = 0};
        // Where the system cannot tell, before Linux 5.3, there is no limit.
        if (process >= 0 && ::poll(&end, 1, static_cast<int>(limit.count())) == 0) ::kill(id_, SIGKILL);
        if (process >= 0) ::close(process);
    }
    return wait();
}

ProcessCopy::~ProcessCopy() {
    if (!result()) ::kill(id_, SIGKILL);
    wait();
}

}  // namespace millrace::base
