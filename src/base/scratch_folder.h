#pragma once

#include <filesystem>

#include "base/file.h"

namespace millrace::base {

/// A folder `PARENT/<random>` for temporary files, which only this user can access. The destructor removes
/// it. A process holds a lock in each of its folders, so the constructor recognizes and removes folders in
/// `PARENT` whose process was killed.
class ScratchFolder {
  public:
    /// Creates the folder, and `parent` if it is missing. Throws an Error on failure.
    explicit ScratchFolder(const std::filesystem::path& parent);
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
    File lock_;
};

}  // namespace millrace::base
