#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::base {

/// An open file, closed with the object. Every failure is an Error that names the path and the action.
class File {
  public:
    enum class Mode {
        read,        ///< must exist
        read_write,  ///< created when missing
        create,      ///< must not exist
    };

    File() = default;
    File(const std::filesystem::path& path, Mode mode);
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    File& operator=(File&& other) noexcept;
    ~File();

    /// An open file, or nothing when there is none at `path`.
    static std::optional<File> open_if_exists(const std::filesystem::path& path);

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::int64_t size() const;

    /// Reads up to `size` bytes at `offset`; fewer only at the end of the file.
    std::size_t read_at(std::int64_t offset, char* into, std::size_t size) const;
    /// Writes all of `data` at `offset`.
    void write_at(std::int64_t offset, std::string_view data);
    /// fdatasync: the data, and the size when it changed, survive a power loss.
    void sync();
    void truncate(std::int64_t size);

    /// Takes the exclusive advisory lock (flock), waiting for other processes. With std::lock_guard,
    /// std::unique_lock and std::shared_lock a lock is held for a scope.
    void lock();
    /// Takes the lock only if it is free.
    bool try_lock();
    /// Waits at most so long for it; false when others hold it still.
    bool try_lock_for(std::chrono::milliseconds limit);
    void unlock();
    /// Takes the lock that several may hold, but not beside an exclusive one.
    void lock_shared();
    bool try_lock_shared_for(std::chrono::milliseconds limit);
    void unlock_shared() { unlock(); }

    /// Throws an Error when the path no longer leads to this file: its directory was removed or replaced
    /// while it was open. Then what is written by path would go somewhere else.
    void check_in_place() const;

  private:
    bool take_lock(int operation);
    bool take_lock_for(int operation, std::chrono::milliseconds limit);

    int fd_ = -1;
    std::filesystem::path path_;
};

/// Makes names created, renamed or removed in `directory` survive a power loss.
void sync_directory(const std::filesystem::path& directory);

/// Creates `directory` and its parents, durably. Nothing happens when it is there.
void make_directory(const std::filesystem::path& directory);

/// A hidden name in the directory of `path` that no other thread, process or machine uses.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// The whole content of a file.
std::string read_file(const std::filesystem::path& path);
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path);

/// Replaces a file's content atomically and durably: temporary file, fsync, rename, fsync of the directory.
void replace_file(const std::filesystem::path& path, std::string_view content);

/// Creates `path` with `content` atomically and durably, or returns false when it exists already. Of several
/// processes that try, one succeeds, and readers never see part of the content.
bool put_if_absent(const std::filesystem::path& path, std::string_view content);

}  // namespace millrace::base
