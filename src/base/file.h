#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::base {

/// An open file, which the destructor closes. Every failure throws an Error that names the path and the
/// action.
class File {
  public:
    enum class Mode {
        read,        ///< opens a file, which must exist
        read_write,  ///< opens a file and creates it if it is missing
        create,      ///< creates a file, which must not exist
    };

    File() = default;
    File(const std::filesystem::path& path, Mode mode);
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    File& operator=(File&& other) noexcept;
    ~File();

    /// Opens a file for reading. Returns nullopt if there is no file at `path`.
    static std::optional<File> open_if_exists(const std::filesystem::path& path);

    /// Creates a file that has no path and lies in memory. `name` is for tools that list open files.
    static File in_memory(const char* name);

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::int64_t size() const;

    /// Reads up to `size` bytes at `offset` and returns their number, which is smaller only at the end of the
    /// file.
    std::size_t read_at(std::int64_t offset, char* into, std::size_t size) const;
    /// Writes all of `data` at `offset`.
    void write_at(std::int64_t offset, std::string_view data);
    /// Calls fdatasync(): the data, and the size if it changed, survive a power loss.
    void sync();
    void truncate(std::int64_t size);

    /// Takes the exclusive advisory lock (flock) and waits for other holders. std::lock_guard,
    /// std::unique_lock and std::shared_lock hold a File's lock for a scope.
    void lock();
    /// Takes the exclusive lock only if it is free. Returns whether it was.
    bool try_lock();
    /// Takes the exclusive lock and waits at most `limit` for it. Returns false if others still hold it.
    bool try_lock_for(std::chrono::milliseconds limit);
    void unlock();
    /// Takes the shared lock, which several holders may have at once, but not beside an exclusive lock.
    void lock_shared();
    bool try_lock_shared_for(std::chrono::milliseconds limit);
    void unlock_shared() { unlock(); }

    /// Throws an Error if the path no longer leads to this file because its directory was removed or replaced
    /// while the file was open. Data written by path would go somewhere else.
    void check_in_place() const;

  private:
    bool take_lock(int operation);
    bool take_lock_for(int operation, std::chrono::milliseconds limit);

    int fd_ = -1;
    std::filesystem::path path_;
};

/// Makes the names that were created, renamed or removed in `directory` survive a power loss.
void sync_directory(const std::filesystem::path& directory);

/// Creates `directory` and its parents durably. Does nothing if it exists.
void make_directory(const std::filesystem::path& directory);

/// Returns a hidden name in the directory of `path` that no other thread, process or machine uses.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Returns the whole content of a file.
std::string read_file(const std::filesystem::path& path);
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path);

/// Replaces a file's content atomically and durably: temporary file, fdatasync, rename, fsync of the
/// directory.
void replace_file(const std::filesystem::path& path, std::string_view content);

/// Creates `path` with `content` atomically and durably. Returns false if it already exists. If several
/// processes try, one succeeds. Readers never see a part of the content.
bool put_if_absent(const std::filesystem::path& path, std::string_view content);

}  // namespace millrace::base
