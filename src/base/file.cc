#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/random_id.h"

namespace millrace::base {

namespace fs = std::filesystem;

namespace {

int flags_of(File::Mode mode) {
    switch (mode) {
        case File::Mode::read:
            return O_RDONLY | O_CLOEXEC;
        case File::Mode::read_write:
            return O_RDWR | O_CREAT | O_CLOEXEC;
        case File::Mode::create:
            return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    }
    return O_RDONLY | O_CLOEXEC;
}

void write_temporary(const fs::path& temporary, std::string_view content) {
    File file(temporary, File::Mode::create);
    try {
        file.write_at(0, content);
        fail_point("file.temporary.written");
        file.sync();
        fail_point("file.temporary.synced");
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

}  // namespace

fs::path temporary_beside(const fs::path& path) {
    // The name is random because workers on other machines and in other containers share the directory and
    // may have the same pid.
    static const std::string process = random_id();
    static std::atomic<unsigned> counter = 0;
    return path.parent_path() / fmt::format(".{}.{}.{}.tmp", path.filename().string(), process, counter++);
}

File::File(const fs::path& path, Mode mode) : path_(path) {
    fd_ = ::open(path.c_str(), flags_of(mode), 0644);
    if (fd_ < 0) throw system_error(fmt::format("opening {}", path.string()), errno);
}

File& File::operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    return *this;
}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

File File::in_memory(const char* name) {
    File file;
    file.path_ = name;
    file.fd_ = ::memfd_create(name, MFD_CLOEXEC);
    if (file.fd_ < 0) throw system_error(fmt::format("creating {} in memory", name), errno);
    return file;
}

std::optional<File> File::open_if_exists(const fs::path& path) {
    File file;
    file.path_ = path;
    file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file.fd_ >= 0) return file;
    if (errno == ENOENT) return std::nullopt;
    throw system_error(fmt::format("opening {}", path.string()), errno);
}

std::int64_t File::size() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0)
        throw system_error(fmt::format("reading the size of {}", path_.string()), errno);
    return status.st_size;
}

std::size_t File::read_at(std::int64_t offset, char* into, std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
        const auto got = ::pread(fd_, into + done, size - done, offset + static_cast<std::int64_t>(done));
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error(fmt::format("reading {} at byte {}", path_.string(), offset), errno);
        done += static_cast<std::size_t>(got);
    }
    return done;
}

void File::write_at(std::int64_t offset, std::string_view data) {
    while (!data.empty()) {
        const auto put = ::pwrite(fd_, data.data(), data.size(), offset);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) throw system_error(fmt::format("writing {} at byte {}", path_.string(), offset), errno);
        data.remove_prefix(static_cast<std::size_t>(put));
        offset += put;
    }
}

void File::sync() {
    if (::fdatasync(fd_) != 0) throw system_error(fmt::format("syncing {}", path_.string()), errno);
}

void File::truncate(std::int64_t size) {
    if (::ftruncate(fd_, size) != 0) throw system_error(fmt::format("truncating {}", path_.string()), errno);
}

bool File::take_lock(int operation) {
    while (::flock(fd_, operation) != 0) {
        if (errno == EWOULDBLOCK) return false;
        if (errno != EINTR) throw system_error(fmt::format("locking {}", path_.string()), errno);
    }
    return true;
}

bool File::take_lock_for(int operation, std::chrono::milliseconds limit) {
    constexpr auto retry_interval = std::chrono::milliseconds(2);
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!take_lock(operation | LOCK_NB)) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(retry_interval);
    }
    return true;
}

void File::lock() {
    take_lock(LOCK_EX);
}

bool File::try_lock() {
    return take_lock(LOCK_EX | LOCK_NB);
}

bool File::try_lock_for(std::chrono::milliseconds limit) {
    return take_lock_for(LOCK_EX, limit);
}

void File::lock_shared() {
    take_lock(LOCK_SH);
}

bool File::try_lock_shared_for(std::chrono::milliseconds limit) {
    return take_lock_for(LOCK_SH, limit);
}

void File::unlock() {
    ::flock(fd_, LOCK_UN);
}

void File::check_in_place() const {
    struct stat open{};
    struct stat at_path{};
    if (::fstat(fd_, &open) != 0) throw system_error(fmt::format("checking {}", path_.string()), errno);
    const bool found = ::stat(path_.c_str(), &at_path) == 0;
    if (!found && errno != ENOENT) throw system_error(fmt::format("checking {}", path_.string()), errno);
    if (found && open.st_dev == at_path.st_dev && open.st_ino == at_path.st_ino) return;
    throw Error(fmt::format("working on {}", path_.string()),
                "it was removed or replaced while this process was running",
                "Nothing is written to the new file. Start the command again to use it.");
}

void sync_directory(const fs::path& directory) {
    const File file(directory, File::Mode::read);
    if (::fsync(file.fd()) != 0)
        throw system_error(fmt::format("syncing the directory {}", directory.string()), errno);
}

void make_directory(const fs::path& directory) {
    if (fs::is_directory(directory)) return;
    const fs::path parent = directory.has_parent_path() ? directory.parent_path() : fs::path(".");
    if (parent != directory) make_directory(parent);
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
        throw system_error(fmt::format("creating the directory {}", directory.string()), errno);
    }
    sync_directory(parent);
}

std::string read_file(const fs::path& path) {
    const File file(path, File::Mode::read);
    std::string content(static_cast<std::size_t>(file.size()), '\0');
    content.resize(file.read_at(0, content.data(), content.size()));
    return content;
}

std::optional<std::string> read_file_if_exists(const fs::path& path) {
    const auto file = File::open_if_exists(path);
    if (!file) return std::nullopt;
    std::string content(static_cast<std::size_t>(file->size()), '\0');
    content.resize(file->read_at(0, content.data(), content.size()));
    return content;
}

void replace_file(const fs::path& path, std::string_view content) {
    const fs::path temporary = temporary_beside(path);
    write_temporary(temporary, content);
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error_number = errno;
        ::unlink(temporary.c_str());
        throw system_error(fmt::format("replacing {}", path.string()), error_number);
    }
    fail_point("file.renamed");
    sync_directory(path.parent_path());
}

bool put_if_absent(const fs::path& path, std::string_view content) {
    const fs::path temporary = temporary_beside(path);
    write_temporary(temporary, content);
    const int result = ::link(temporary.c_str(), path.c_str());
    const int error_number = errno;
    if (result == 0) fail_point("file.linked");
    ::unlink(temporary.c_str());
    if (result != 0 && error_number == EEXIST) return false;
    if (result != 0) throw system_error(fmt::format("creating {}", path.string()), error_number);
    sync_directory(path.parent_path());
    return true;
}

}  // namespace millrace::base
