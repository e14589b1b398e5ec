#pragma once

#include <filesystem>

#include "base/file.h"

namespace millrace::base {

/// A folder for files that are of no use after this object, which removes it: `PARENT/<random>`, for this
/// user alone. A process holds a lock in each of its folders, so the next one that is made beside them
/// removes those whose process was killed.
class ScratchFolder {
  public:
    /// Makes the folder, and `parent` when it is missing. Throws an Error when it can't.
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
