#include "pipeline/table_locks.h"

namespace millrace::pipeline {

namespace {

base::File lock_file(const DataDirectory& data, const char* name) {
    base::make_directory(data.silver());
    return {data.silver() / name, base::File::Mode::read_write};
}

}  // namespace

base::File writers_lock(const DataDirectory& data) {
    return lock_file(data, ".writer.lock");
}

base::File commit_lock(const DataDirectory& data) {
    return lock_file(data, ".commit.lock");
}

}  // namespace millrace::pipeline
