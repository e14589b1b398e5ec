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

/// An open file that is closed with the object.
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

/// A file in memory, ready to be read. It is no pipe, so that a child that doesn't read can't stop this
/// process.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view text)
        : file_(::memfd_create("stdin", MFD_CLOEXEC), "making a file in memory") {
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

/// What a child writes to and this process reads from.
class Pipe {
  public:
    Pipe() : Pipe(make()) {}

    [[nodiscard]] int reader() const { return reader_.fd(); }
    [[nodiscard]] int writer() const { return writer_.fd(); }
    /// From now on the child alone can write, and the pipe ends with it.
    void close_writer() { writer_.close(); }

  private:
    static std::array<int, 2> make() {
        std::array<int, 2> ends = {-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
        return ends;
    }
    explicit Pipe(const std::array<int, 2>& ends)
        : reader_(ends[0], "making a pipe"), writer_(ends[1], "making a pipe") {}

    Descriptor reader_;
    Descriptor writer_;
};

/// The child's own signals and files: none of this process's is blocked or ignored in it, or open.
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
        for (const int ends_it : {SIGPIPE, SIGXFSZ, SIGXCPU}) ::sigaddset(&signals, ends_it);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        // A group of its own: Ctrl-C on this program is not for it.
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
        // A shell waits for the limits and then becomes the program, so that the program never runs without.
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 5);
        for (const char* each : {"/bin/sh", "-c", "read -r go <&3 && exec \"$@\" 3<&-", "sh"})
            arguments.push_back(const_cast<char*>(each));
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

/// Bounds a resource of the process, first by a signal and, `slack` later, without one. A lower bound that it
/// has already stays.
void bound(::pid_t pid, __rlimit_resource what, std::int64_t max, std::int64_t slack = 0) {
    ::rlimit bounds{};
    if (::prlimit(pid, what, nullptr, &bounds) == 0) {
        bounds.rlim_max = std::min(bounds.rlim_max, static_cast<::rlim_t>(max + slack));
        bounds.rlim_cur = std::min(bounds.rlim_max, static_cast<::rlim_t>(max));
        if (::prlimit(pid, what, &bounds, nullptr) == 0) return;
    }
    if (errno != ESRCH) throw system_error("limiting what a program may take", errno);
}

void limit(::pid_t pid, const ChildLimits& limits) {
    bound(pid, RLIMIT_DATA, limits.memory_bytes);
    bound(pid, RLIMIT_STACK, stack_bytes);
    bound(pid, RLIMIT_FSIZE, limits.file_bytes);
    bound(pid, RLIMIT_CORE, 0);
    // Should this process be killed, the child ends by itself: at its next output, or when this is used up.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.time).count();
    bound(pid, RLIMIT_CPU, seconds * limits.threads + 1, 1);
    constexpr int behind_the_pipeline = 10;
    ::setpriority(PRIO_PROCESS, static_cast<::id_t>(pid), behind_the_pipeline);
}

/// How a program ended that was killed by something else than this process.
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

/// Takes a piece of what there is in a pipe; false at its end.
bool take_piece(int fd, const auto& take) {
    std::array<char, piece_bytes> piece;
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got > 0) take(std::string_view(piece.data(), static_cast<std::size_t>(got)));
    return got > 0 || (got < 0 && errno == EINTR);
}

/// Reads what the process writes until it has ended, or must be.
Ending attend(const Descriptor& process, const Pipe& out, const Pipe& err, const ChildLimits& limits,
              const std::function<void(std::string_view)>& on_output, std::string& errors) {
    std::int64_t taken = 0;
    const auto take_output = [&](std::string_view piece) {
        taken += static_cast<std::int64_t>(piece.size());
        if (taken <= limits.output_bytes) on_output(piece);
    };
    const auto take_error = [&](std::string_view piece) {
        errors += piece.substr(0, max_errors_bytes - std::min(errors.size(), max_errors_bytes));
    };
    // One that has ended is marked with -1, which poll() ignores.
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
    offer_to_be_ended(pid);
    if (::write(go.writer(), "\n", 1) != 1) throw system_error("letting a program begin", errno);
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "waiting for a process");
    ChildResult result;
    result.ending = attend(process, out, err, limits, on_output, result.errors);
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
