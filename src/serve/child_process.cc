#include "serve/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>

#include "base/error.h"

namespace millrace::serve {

namespace {

constexpr int between_looks_ms = 100;

/// A file in memory that a child can be given; its place is the file's, which both sides share.
class MemoryFile {
  public:
    explicit MemoryFile(const char* name) : fd_(::memfd_create(name, MFD_CLOEXEC)) {
        if (fd_ < 0) throw system_error("making a file in memory", errno);
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { ::close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }
    void fill(std::string_view text) {
        while (!text.empty()) {
            const ssize_t written = ::write(fd_, text.data(), text.size());
            if (written < 0) throw system_error("writing to a file in memory", errno);
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        ::lseek(fd_, 0, SEEK_SET);
    }
    [[nodiscard]] std::string text() const {
        std::string text(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
        for (std::size_t at = 0; at < text.size();) {
            const ssize_t got = ::pread(fd_, text.data() + at, text.size() - at, static_cast<::off_t>(at));
            if (got <= 0) throw system_error("reading a file in memory", errno);
            at += static_cast<std::size_t>(got);
        }
        return text;
    }

  private:
    int fd_;
};

/// The child's own signals and files: none of this process's is blocked in it, or open.
class SpawnSettings {
  public:
    SpawnSettings(int in, int out, int err) {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawn_file_actions_adddup2(&files_, in, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, out, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, err, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
        ::posix_spawnattr_init(&attributes_);
        ::sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        // A group of its own: Ctrl-C on this program is not for it.
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    [[nodiscard]] ::pid_t spawn(const std::vector<std::string>& command) const {
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 1);
        for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
        arguments.push_back(nullptr);
        // No secret of this process's environment is passed on.
        std::array<char*, 2> environment = {const_cast<char*>("LC_ALL=C.UTF-8"), nullptr};
        ::pid_t pid = 0;
        const int error = ::posix_spawn(&pid, arguments.front(), &files_, &attributes_, arguments.data(),
                                        environment.data());
        if (error != 0) throw system_error(fmt::format("starting {}", command.front()), error);
        return pid;
    }

  private:
    ::posix_spawn_file_actions_t files_{};
    ::posix_spawnattr_t attributes_{};
};

/// Whether the process ended in time.
bool wait_for(::pid_t pid, const ChildLimits& limits) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) throw system_error("waiting for a process", errno);
    ::pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
    const auto until = std::chrono::steady_clock::now() + limits.time;
    int ready = 0;
    while (ready <= 0 && std::chrono::steady_clock::now() < until &&
           !(limits.stop != nullptr && limits.stop->requested())) {
        ready = ::poll(&ended, 1, between_looks_ms);
    }
    ::close(fd);
    return ready > 0;
}

/// Ends the process, if it hasn't, and takes its status.
class Reaper {
  public:
    explicit Reaper(::pid_t pid) : pid_(pid) {}
    Reaper(const Reaper&) = delete;
    Reaper& operator=(const Reaper&) = delete;
    ~Reaper() {
        if (!reaped_) reap();
    }
    int reap() {
        ::kill(pid_, SIGKILL);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        reaped_ = true;
        return status;
    }

  private:
    const ::pid_t pid_;
    bool reaped_ = false;
};

/// Should memory run out, the system is to end the child, not this process.
void offer_to_be_ended(::pid_t pid) {
    std::ofstream(fmt::format("/proc/{}/oom_score_adj", pid)) << 1000;
}

void limit(::pid_t pid, const ChildLimits& limits) {
    const auto set = [pid](__rlimit_resource what, std::int64_t most) {
        const ::rlimit both{static_cast<::rlim_t>(most), static_cast<::rlim_t>(most)};
        ::prlimit(pid, what, &both, nullptr);  // it may have ended
    };
    set(RLIMIT_FSIZE, limits.output_bytes);
    set(RLIMIT_CORE, 0);
    constexpr int behind_the_pipeline = 10;
    ::setpriority(PRIO_PROCESS, static_cast<::id_t>(pid), behind_the_pipeline);
    // Should this process be killed, its child ends by itself.
    constexpr std::int64_t most_cores = 64;
    set(RLIMIT_CPU, (limits.time.count() / 1000 + 1) * most_cores);
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, std::string_view input,
                      const ChildLimits& limits) {
    MemoryFile in("stdin");
    const MemoryFile out("stdout");
    const MemoryFile err("stderr");
    in.fill(input);
    const ::pid_t pid = SpawnSettings(in.fd(), out.fd(), err.fd()).spawn(command);
    Reaper reaper(pid);
    limit(pid, limits);
    offer_to_be_ended(pid);
    const bool in_time = wait_for(pid, limits);
    const int status = reaper.reap();
    ChildResult result{.output = out.text(), .errors = err.text()};
    const bool full = static_cast<std::int64_t>(result.output.size()) >= limits.output_bytes;
    if (!in_time) {
        result.ending = ChildResult::Ending::out_of_time;
    } else if (full || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)) {
        result.ending = ChildResult::Ending::too_much_output;
    } else if (WIFSIGNALED(status)) {
        result.ending = ChildResult::Ending::killed;
    } else {
        result.exit_code = WEXITSTATUS(status);
    }
    return result;
}

}  // namespace millrace::serve
