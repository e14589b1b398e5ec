#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace millrace::backup {

/// The files that were copied.
struct CopiedFiles {
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::int64_t linked = 0;  ///< the part of `files` that are hard links and take no space of their own

    void add(const CopiedFiles& more);
};

/// Copies files from one directory into another, which it creates. Not thread-safe.
class FileCopier {
  public:
    using OnFile = std::function<void(const CopiedFiles& so_far)>;

    FileCopier(std::filesystem::path from, std::filesystem::path to, OnFile on_file)
        : from_(std::move(from)), to_(std::move(to)), on_file_(std::move(on_file)) {}

    [[nodiscard]] const std::filesystem::path& from() const { return from_; }
    [[nodiscard]] const std::filesystem::path& to() const { return to_; }
    [[nodiscard]] const CopiedFiles& copied() const { return copied_; }

    /// Copies a file by a hard link, or by its bytes where the file systems differ or have no hard links. The
    /// file must never change again, so one that is copied already stays as it is. `path` is relative.
    /// Returns false when there is no such file.
    bool link(const std::filesystem::path& path);
    /// Copies the bytes that a file has now. Returns false when there is no such file.
    bool copy(const std::filesystem::path& path);
    /// Removes what was copied to a directory, so that it can be copied again.
    void discard(const std::filesystem::path& directory);

  private:
    void count(const std::filesystem::path& target, bool linked);

    const std::filesystem::path from_;
    const std::filesystem::path to_;
    const OnFile on_file_;
    CopiedFiles copied_;
    bool can_link_ = true;
};

}  // namespace millrace::backup
