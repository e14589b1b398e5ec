#include "catalog/table_locks.h"

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

}  // namespace millrace::catalog
