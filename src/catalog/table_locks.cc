#include "catalog/table_locks.h"

#include <filesystem>
#include <mutex>

namespace millrace::catalog {

namespace {

base::File lock_file(const std::filesystem::path& directory, const char* name) {
    base::make_directory(directory);
    return {directory / name, base::File::Mode::read_write};
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

}  // namespace millrace::catalog
