#include "storage/disk_usage.h"

#include <filesystem>
#include <system_error>

#include "storage/vacuum.h"

namespace millrace::storage {

namespace fs = std::filesystem;

namespace {

/// The size of a file; 0 when it has just been removed.
std::int64_t size_of(const fs::path& path) {
    std::error_code gone;
    const auto size = fs::file_size(path, gone);
    return gone ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

DiskUsage disk_usage(const DeltaTable& table) {
    DiskUsage usage;
    for (const auto& [path, add] : table.snapshot().files) usage.live.add(add.size);
    for (const std::string& path : unnamed_files(table)) usage.removed.add(size_of(table.root() / path));
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(table.root() / "_delta_log", gone))
        usage.log.add(size_of(entry.path()));
    return usage;
}

}  // namespace millrace::storage
