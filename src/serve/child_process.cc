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

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include "base/error.h"

namespace millrace::serve {

namespace {

using std::chrono::steady_clock;
using Ending = ChildResult::Ending;

constexpr int stop_check_ms = 100;
constexpr int go_descriptor = STDERR_FILENO + 1;
constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t max_errors_bytes = 64 << 10;
constexpr std::int64_t stack_bytes = std::int64_t{8} << 20;

/// An open file descriptor, which is closed with the object.
class Descriptor {
  public:
    Descriptor(int fd, const char* doing) : fd_(fd) {
        if (fd < 0) throw system_error(doing, errno);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] int fd() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_;
};

/// A file in memory, ready to be read. It is not a pipe, because a child that does not read a pipe would
/// block this process.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view text)
        : file_(::memfd_create("stdin", MFD_CLOEXEC), "creating a file in memory") {
        while (!text.empty()) {
            const ssize_t written = ::write(file_.fd(), text.data(), text.size());
            if (written < 0) throw system_error("writing to a file in memory", errno);
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        ::lseek(file_.fd(), 0, SEEK_SET);
    }

    [[nodiscard]] int fd() const { return file_.fd(); }

  private:
    Descriptor file_;
};

/// A pipe that a child writes to and this process reads from.
class Pipe {
  public:
    Pipe() : Pipe(make()) {}

    [[nodiscard]] int reader() const { return reader_.fd(); }
    [[nodiscard]] int writer() const { return writer_.fd(); }
    /// Closes this process's writing end. Then only the child can write, and the pipe ends with the child.
    void close_writer() { writer_.close(); }

  private:
    static std::array<int, 2> make() {
        std::array<int, 2> ends = {-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("creating a pipe", errno);
        return ends;
    }
    explicit Pipe(const std::array<int, 2>& ends)
        : reader_(ends[0], "creating a pipe"), writer_(ends[1], "creating a pipe") {}

    Descriptor reader_;
    Descriptor writer_;
};

/// The signals and files of the child. It inherits no open files and no blocked or ignored signals.
class SpawnSettings {
  public:
    /// The child waits until something can be read from `go`.
    SpawnSettings(const std::filesystem::path& directory, int in, int out, int err, int go) {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawn_file_actions_addchdir_np(&files_, directory.c_str());
        ::posix_spawn_file_actions_adddup2(&files_, in, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, out, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, err, STDERR_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, go, go_descriptor);
        ::posix_spawn_file_actions_addclosefrom_np(&files_, go_descriptor + 1);
        ::posix_spawnattr_init(&attributes_);
        ::sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        for (const int fatal : {SIGPIPE, SIGXFSZ, SIGXCPU}) ::sigaddset(&signals, fatal);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        // The child has its own process group, so that Ctrl-C does not reach it.
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    [[nodiscard]] ::pid_t spawn(const std::vector<std::string>& command) const {
        if (::access(command.front().c_str(), X_OK) != 0)
            throw system_error(fmt::format("starting {}", command.front()), errno);
        // A shell waits for the limits and then becomes the program, so that the program never runs without
        // limits.
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 5);
        for (const char* each : {"/bin/sh", "-c", "read -r go <&3 && exec \"$@\" 3<&-", "sh"})
            arguments.push_back(const_cast<char*>(each));
        for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
        arguments.push_back(nullptr);
        // The environment is empty but for LC_ALL, so that no secret of this process's environment is passed
        // on.
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

/// Kills the process if it still runs, and collects its status.
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

/// Makes the kernel kill the child rather than this process if memory runs out.
void prefer_for_oom_kill(::pid_t pid) {
    std::ofstream(fmt::format("/proc/{}/oom_score_adj", pid)) << 1000;
}

/// Limits a resource of the process. At `max` the process gets a signal, and `slack` later it is killed. A
/// lower limit that it has already stays.
void bound(::pid_t pid, __rlimit_resource what, std::int64_t max, std::int64_t slack = 0) {
    ::rlimit bounds{};
    if (::prlimit(pid, what, nullptr, &bounds) == 0) {
        bounds.rlim_max = std::min(bounds.rlim_max, static_cast<::rlim_t>(max + slack));
        bounds.rlim_cur = std::min(bounds.rlim_max, static_cast<::rlim_t>(max));
        if (::prlimit(pid, what, &bounds, nullptr) == 0) return;
    }
    if (errno != ESRCH) throw system_error("limiting the resources of a program", errno);
}

void limit(::pid_t pid, const ChildLimits& limits) {
    bound(pid, RLIMIT_DATA, limits.memory_bytes);
    bound(pid, RLIMIT_STACK, stack_bytes);
    bound(pid, RLIMIT_FSIZE, limits.file_bytes);
    bound(pid, RLIMIT_CORE, 0);
    // If this process is killed, the child still ends: at its next output, or when its CPU time is used up.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.time).count();
    bound(pid, RLIMIT_CPU, seconds * limits.threads + 1, 1);
    constexpr int low_priority = 10;
    ::setpriority(PRIO_PROCESS, static_cast<::id_t>(pid), low_priority);
}

/// Returns how a program ended that was killed by a signal which this process did not send.
Ending ending_by(int signal) {
    switch (signal) {
        case SIGXCPU:
            return Ending::out_of_time;
        case SIGXFSZ:
            return Ending::file_too_large;
        default:
            return Ending::killed;
    }
}

/// Reads some of the available bytes of a pipe and passes them to `take`. Returns false at the end of the
/// pipe.
bool take_piece(int fd, const auto& take) {
    std::array<char, piece_bytes> piece;
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got > 0) take(std::string_view(piece.data(), static_cast<std::size_t>(got)));
    return got > 0 || (got < 0 && errno == EINTR);
}

/// Reads the output of the process until the process has ended or must be ended.
Ending supervise(const Descriptor& process, const Pipe& out, const Pipe& err, const ChildLimits& limits,
                 const std::function<void(std::string_view)>& on_output, std::string& errors) {
    std::int64_t taken = 0;
    const auto take_output = [&](std::string_view piece) {
        taken += static_cast<std::int64_t>(piece.size());
        if (taken <= limits.output_bytes) on_output(piece);
    };
    const auto take_error = [&](std::string_view piece) {
        errors += piece.substr(0, max_errors_bytes - std::min(errors.size(), max_errors_bytes));
    };
    // A descriptor that has ended becomes -1, which poll() ignores.
    std::array<::pollfd, 3> open = {{{.fd = out.reader(), .events = POLLIN, .revents = 0},
                                     {.fd = err.reader(), .events = POLLIN, .revents = 0},
                                     {.fd = process.fd(), .events = POLLIN, .revents = 0}}};
    const auto until = steady_clock::now() + limits.time;
    while (std::ranges::any_of(open, [](const ::pollfd& each) { return each.fd >= 0; })) {
        if (limits.stop != nullptr && limits.stop->requested()) return Ending::stopped;
        if (steady_clock::now() >= until) return Ending::out_of_time;
        if (::poll(open.data(), open.size(), stop_check_ms) <= 0) continue;
        if (open[0].revents != 0 && !take_piece(open[0].fd, take_output)) open[0].fd = -1;
        if (open[1].revents != 0 && !take_piece(open[1].fd, take_error)) open[1].fd = -1;
        if (open[2].revents != 0) open[2].fd = -1;
        if (taken > limits.output_bytes) return Ending::too_much_output;
    }
    return Ending::exited;
}

}  // namespace

ChildResult run_child(const ChildCommand& command, const ChildLimits& limits,
                      const std::function<void(std::string_view)>& on_output) {
    const MemoryFile in(command.input);
    Pipe out;
    Pipe err;
    Pipe go;
    const ::pid_t pid = SpawnSettings(command.directory, in.fd(), out.writer(), err.writer(), go.reader())
                            .spawn(command.arguments);
    Reaper reaper(pid);
    out.close_writer();
    err.close_writer();
    limit(pid, limits);
    prefer_for_oom_kill(pid);
    if (::write(go.writer(), "\n", 1) != 1) throw system_error("starting a program", errno);
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "waiting for a process");
    ChildResult result;
    result.ending = supervise(process, out, err, limits, on_output, result.errors);
    const int status = reaper.reap();
    if (result.ending != Ending::exited) return result;
    if (WIFEXITED(status)) {
        result.exit_code = WEXITSTATUS(status);
    } else {
        result.signal = WTERMSIG(status);
        result.ending = ending_by(result.signal);
    }
    return result;
}

}  // namespace millrace::serve
