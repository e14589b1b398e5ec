#include "storage/vacuum.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <span>

#include "base/clock.h"
#include "base/error.h"

namespace millrace::storage {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t files_at_once = 200;  // that commits wait for
constexpr auto patience_with_commits = std::chrono::seconds(10);

struct OldFile {
    std::string name;
    std::int64_t bytes = 0;
    bool removed = false;  // by a commit
};

/// The files that vacuum may remove.
std::vector<OldFile> old_files(const DeltaTable& table, base::Duration retention, base::Duration orphan_age,
                               VacuumReport& report) {
    std::vector<OldFile> old;
    const std::int64_t now = base::now_ms();
    const auto tombstones = table.tombstones();
    for (const std::string& name : unnamed_files(table)) {
        const fs::path path = table.root() / name;
        const auto modified = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::file_clock::to_sys(fs::last_write_time(path)).time_since_epoch());
        const auto tombstone = tombstones.find(name);
        const bool removed = tombstone != tombstones.end();
        const std::int64_t age_ms = now - (removed ? tombstone->second.deletion_timestamp : modified.count());
        if (std::chrono::milliseconds(age_ms) < (removed ? retention : orphan_age)) {
            report.kept_young += removed ? 0 : 1;
            continue;
        }
        old.push_back({name, static_cast<std::int64_t>(fs::file_size(path)), removed});
    }
    return old;
}

/// Removes files, but those that a commit has named meanwhile. No commit names any while it works.
void remove_files(DeltaTable& table, std::span<const OldFile> files, VacuumReport& report) {
    base::File guard = table.files_lock();
    const std::unique_lock lock(guard, patience_with_commits);
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
    }
}

}  // namespace

std::vector<std::string> unnamed_files(const DeltaTable& table) {
    std::vector<std::string> names;
    for (auto entry = fs::recursive_directory_iterator(table.root());
         entry != fs::recursive_directory_iterator(); ++entry) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with('_') || name.starts_with('.')) {
            if (entry->is_directory()) entry.disable_recursion_pending();
            continue;
        }
        if (!entry->is_regular_file()) continue;
        std::string relative = fs::relative(entry->path(), table.root()).string();
        if (!table.snapshot().files.contains(relative)) names.push_back(std::move(relative));
    }
    std::ranges::sort(names);
    return names;
}

VacuumReport vacuum(DeltaTable& table, base::Duration retention, base::Duration orphan_age, bool dry_run) {
    VacuumReport report;
    const std::vector<OldFile> old = old_files(table, retention, orphan_age, report);
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
