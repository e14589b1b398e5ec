#include "catalog/table_locks.h"

#include <filesystem>
#include <mutex>

namespace millrace::catalog {

namespace {

base::File lock_file(const std::filesystem::path& directory, const char* name) {
    base::make_directory(directory);
    return {directory / name, base::File::Mode::read_write};
}

/// The file's modification time is the time at which the correction began.
base::File correction_lock(const DataDirectory& data) {
    return lock_file(data.gold(), ".correction.lock");
}

}  // namespace

base::File writers_lock(const DataDirectory& data) {
    return lock_file(data.silver(), ".writer.lock");
}

base::File commit_lock(const DataDirectory& data) {
    return lock_file(data.silver(), ".commit.lock");
}

base::File gold_lock(const DataDirectory& data) {
    return lock_file(data.gold(), ".lock");
}

bool gold_runs(const DataDirectory& data) {
    if (!std::filesystem::exists(data.gold())) return false;
    base::File stage = gold_lock(data);
    const std::unique_lock lock(stage, std::try_to_lock);
    return !lock.owns_lock();
}

CorrectionLease::CorrectionLease(const DataDirectory& data) : file_(correction_lock(data)), lock_(file_) {
    std::filesystem::last_write_time(file_.path(), std::filesystem::file_time_type::clock::now());
}

base::Duration age_of_correction(const DataDirectory& data) {
    if (!std::filesystem::exists(data.gold())) return {};
    base::File correction = correction_lock(data);
    const std::unique_lock lock(correction, std::try_to_lock);
    if (lock.owns_lock()) return {};
    const auto began = std::filesystem::last_write_time(correction.path());
    return std::chrono::duration_cast<base::Duration>(std::filesystem::file_time_type::clock::now() - began);
}

}  // namespace millrace::catalog
