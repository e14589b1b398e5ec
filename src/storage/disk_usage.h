#pragma once

#include <cstdint>

#include "storage/delta_table.h"

namespace millrace::storage {

/// Files on disk.
struct FilesOnDisk {
    std::int64_t files = 0;
    std::int64_t bytes = 0;

    void add(std::int64_t size) {
        ++files;
        bytes += size;
    }
    void add(const FilesOnDisk& other) {
        files += other.files;
        bytes += other.bytes;
    }
};

/// What a table has on disk.
struct DiskUsage {
    FilesOnDisk live;     ///< data files of the newest version
    FilesOnDisk removed;  ///< data files that the newest version does not name; vacuum removes them later
    FilesOnDisk log;      ///< commits and checkpoints

    [[nodiscard]] FilesOnDisk all() const {
        FilesOnDisk sum = live;
        sum.add(removed);
        sum.add(log);
        return sum;
    }
};

/// Looks at the files of a table. Files may appear and disappear meanwhile.
DiskUsage disk_usage(const DeltaTable& table);

}  // namespace millrace::storage
