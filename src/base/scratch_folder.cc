#include "base/scratch_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>

#include "base/error.h"
#include "base/random_id.h"

namespace millrace::base {

namespace fs = std::filesystem;

namespace {

constexpr const char* lock_name = "lock";
/// A folder without a lock is either being created, or its process was killed while creating it.
constexpr auto max_creation_time = std::chrono::hours(1);

bool is_old(const fs::directory_entry& folder) {
    std::error_code ignored;
    const auto age = fs::file_time_type::clock::now() - folder.last_write_time(ignored);
    return !ignored && age > max_creation_time;
}

void remove_if_abandoned(const fs::directory_entry& folder) {
    std::error_code ignored;
    if (!folder.is_directory(ignored)) return;
    try {
        const fs::path lock_path = folder.path() / lock_name;
        if (!fs::exists(lock_path)) {
            if (is_old(folder)) fs::remove_all(folder.path());
            return;
        }
        File lock(lock_path, File::Mode::read_write);
        if (lock.try_lock()) fs::remove_all(folder.path());
    } catch (const std::exception&) {
        // The folder belongs to another user, or another process removed it first.
    }
}

void remove_abandoned(const fs::path& parent) {
    std::error_code ignored;
    for (fs::directory_iterator entry(parent, ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
        remove_if_abandoned(*entry);
    }
}

}  // namespace

ScratchFolder::ScratchFolder(const fs::path& parent) {
    make_directory(parent);
    remove_abandoned(parent);
    for (;;) {
        path_ = parent / random_id();
        if (::mkdir(path_.c_str(), 0700) != 0)
            throw system_error(fmt::format("creating the directory {}", path_.string()), errno);
        lock_ = File(path_ / lock_name, File::Mode::create);
        // Another process may have found the folder before its lock was taken, and removed it.
        if (lock_.try_lock() && fs::exists(path_ / lock_name)) return;
    }
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

}  // namespace millrace::base
