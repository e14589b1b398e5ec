#include "backup/file_copier.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file.h"

namespace millrace::backup {

namespace fs = std::filesystem;

void CopiedFiles::add(const CopiedFiles& more) {
    files += more.files;
    bytes += more.bytes;
    linked += more.linked;
}

bool FileCopier::link(const fs::path& path) {
    const fs::path target = to_ / path;
    if (fs::exists(target)) return true;
    if (!can_link_) return copy(path);
    base::make_directory(target.parent_path());
    if (::link((from_ / path).c_str(), target.c_str()) == 0) {
        count(target, true);
        return true;
    }
    if (errno == ENOENT) return false;
    if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == ENOTSUP) {
        can_link_ = errno == EMLINK;  // too many links of this file alone
        return copy(path);
    }
    throw system_error(fmt::format("linking {} to {}", (from_ / path).string(), target.string()), errno);
}

bool FileCopier::copy(const fs::path& path) {
    const fs::path target = to_ / path;
    base::make_directory(target.parent_path());
    std::error_code error;
    if (!fs::copy_file(from_ / path, target, fs::copy_options::overwrite_existing, error)) {
        if (error == std::errc::no_such_file_or_directory) return false;
        throw system_error(fmt::format("copying {} to {}", (from_ / path).string(), target.string()),
                           error.value());
    }
    count(target, false);
    return true;
}

void FileCopier::discard(const fs::path& directory) {
    fs::remove_all(to_ / directory);
}

void FileCopier::count(const fs::path& target, bool linked) {
    copied_.add({1, static_cast<std::int64_t>(fs::file_size(target)), linked ? 1 : 0});
    on_file_(copied_);
}

}  // namespace millrace::backup
