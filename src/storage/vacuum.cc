#include "storage/vacuum.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"

namespace millrace::storage {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t files_at_once = 200;  // commits wait while these are removed
constexpr auto commit_timeout = std::chrono::seconds(10);

struct OldFile {
    std::string name;
    std::int64_t bytes = 0;
    bool removed = false;  // whether a commit removed the file
};

struct FileState {
    base::WallTime modified_at;
    std::int64_t bytes = 0;
};

/// Returns false if `error` says that the file does not exist: another vacuum may have been faster. Throws
/// any other error.
bool is_there(const std::error_code& error, const fs::path& path) {
    if (error == std::errc::no_such_file_or_directory) return false;
    if (error) throw system_error(fmt::format("checking {}", path.string()), error.value());
    return true;
}

std::optional<FileState> state_of(const fs::path& path) {
    std::error_code error;
    const auto modified = fs::last_write_time(path, error);
    if (!is_there(error, path)) return std::nullopt;
    const auto bytes = fs::file_size(path, error);
    if (!is_there(error, path)) return std::nullopt;
    const auto modified_at = std::chrono::file_clock::to_sys(modified);
    return FileState{std::chrono::time_point_cast<std::chrono::milliseconds>(modified_at),
                     static_cast<std::int64_t>(bytes)};
}

/// Lists the names of the data files in a table's directory `root / below`, relative to the table.
void list_data_files(const fs::path& root, const fs::path& below, std::vector<std::string>& names) {
    std::error_code error;
    auto entry = fs::directory_iterator(root / below, error);
    if (!is_there(error, root / below)) return;
    for (; entry != fs::directory_iterator(); entry.increment(error)) {
        const fs::path name = entry->path().filename();
        if (name.string().starts_with('_') || name.string().starts_with('.')) continue;
        std::error_code ignored;  // the file's type is then unknown, and the file is left out
        if (entry->is_directory(ignored)) list_data_files(root, below / name, names);
        if (entry->is_regular_file(ignored)) names.push_back((below / name).string());
    }
    if (error) throw system_error(fmt::format("listing {}", (root / below).string()), error.value());
}

/// A file that a commit removed, and how long ago.
struct RemovedFile {
    OldFile file;
    base::Duration age;
};

/// Returns the files that vacuum may remove.
std::vector<OldFile> old_files(const DeltaTable& table, const VacuumPolicy& policy, VacuumReport& report) {
    std::vector<OldFile> old;
    std::vector<RemovedFile> removed;
    const base::WallTime now = base::wall_time();
    const auto tombstones = table.tombstones();
    for (const std::string& name : unnamed_files(table)) {
        const auto state = state_of(table.root() / name);
        if (!state) continue;
        if (const auto tombstone = tombstones.find(name); tombstone != tombstones.end()) {
            removed.push_back({{name, state->bytes, true}, now - tombstone->second.deletion_timestamp});
        } else if (now - state->modified_at >= policy.orphan_age) {
            old.push_back({name, state->bytes, false});
        } else {
            ++report.kept_young;
        }
    }
    std::ranges::sort(removed, {}, &RemovedFile::age);
    for (std::size_t i = 0; i < removed.size(); ++i) {
        const bool too_many = i >= policy.most_removed && removed[i].age >= policy.guaranteed;
        if (too_many || removed[i].age >= policy.retention) old.push_back(std::move(removed[i].file));
    }
    return old;
}

/// Removes files except those that a commit has named in the meantime. The lock keeps commits from naming
/// files while it works.
void remove_files(DeltaTable& table, std::span<const OldFile> files, VacuumReport& report) {
    base::File guard = table.files_lock();
    const std::unique_lock lock(guard, commit_timeout);
    if (!lock) {
        report.kept_young += std::ranges::count(files, false, &OldFile::removed);
        return;
    }
    table.refresh();
    for (const OldFile& file : files) {
        if (table.snapshot().files.contains(file.name)) continue;
        if (!fs::remove(table.root() / file.name)) continue;  // another vacuum was faster
        ++report.files;
        report.bytes += file.bytes;
        base::fail_point("vacuum.removed");
    }
}

}  // namespace

std::vector<std::string> unnamed_files(const DeltaTable& table) {
    std::vector<std::string> names;
    list_data_files(table.root(), {}, names);
    std::erase_if(names, [&](const std::string& name) { return table.snapshot().files.contains(name); });
    std::ranges::sort(names);
    return names;
}

VacuumReport vacuum(DeltaTable& table, const VacuumPolicy& policy, bool dry_run) {
    VacuumReport report;
    const std::vector<OldFile> old = old_files(table, policy, report);
    if (dry_run) {
        for (const OldFile& file : old) report.bytes += file.bytes;
        report.files = static_cast<std::int64_t>(old.size());
        return report;
    }
    for (std::size_t from = 0; from < old.size(); from += files_at_once) {
        const std::size_t count = std::min(files_at_once, old.size() - from);
        remove_files(table, std::span(old).subspan(from, count), report);
    }
    return report;
}

}  // namespace millrace::storage
