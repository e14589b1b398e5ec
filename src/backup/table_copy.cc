#include "backup/table_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "storage/delta_table.h"

namespace millrace::backup {

namespace fs = std::filesystem;

namespace {

constexpr int max_table_attempts = 5;
constexpr const char* log_name = "_delta_log";

/// The version that a file of the log belongs to, such as 00000000000000000012.json.
std::optional<storage::Version> version_of(const std::string& name) {
    std::int64_t version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error != std::errc() || end == name.data()) return std::nullopt;
    return storage::Version(version);
}

/// Copies the log up to a version. Other files of the log, such as the pointer to the newest checkpoint, only
/// save time.
void copy_log(FileCopier& copier, const fs::path& table, storage::Version version) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(copier.from() / table / log_name))
        names.push_back(entry.path().filename().string());
    for (const std::string& name : names) {
        const auto its = version_of(name);
        if (its && *its <= version && !name.ends_with(".tmp")) copier.link(table / log_name / name);
    }
}

/// Copies the files that the commits after a version have added, where they still exist.
void copy_followed(FileCopier& copier, const fs::path& table, const storage::DeltaTable& opened,
                   storage::Version followed_from) {
    for (storage::Version version = followed_from + 1; version <= opened.snapshot().version; ++version) {
        const auto commit = opened.read_commit(version);
        if (!commit) continue;
        for (const storage::AddFile& add : commit->adds) {
            copier.link(table / add.path);
        }
    }
}

/// Copies the table once. False when a file is gone meanwhile.
bool copy_once(FileCopier& copier, const fs::path& table, const storage::DeltaTable& opened,
               storage::Version followed_from) {
    copy_log(copier, table, opened.snapshot().version);
    for (const auto& [path, add] : opened.snapshot().files) {
        if (!copier.link(table / path)) return false;
    }
    if (followed_from < opened.snapshot().version) copy_followed(copier, table, opened, followed_from);
    const auto copy = storage::DeltaTable::open(copier.to() / table);
    return copy.snapshot().version == opened.snapshot().version &&
           copy.snapshot().files.size() == opened.snapshot().files.size();
}

}  // namespace

storage::Version copy_table(FileCopier& copier, const fs::path& table, storage::Version followed_from) {
    const fs::path root = copier.from() / table;
    for (int attempt = 0; attempt < max_table_attempts; ++attempt) {
        if (!storage::DeltaTable::exists(root)) return storage::no_version;
        const auto opened = storage::DeltaTable::open(root);
        if (copy_once(copier, table, opened, followed_from)) return opened.snapshot().version;
        copier.discard(table / log_name);  // data files never change, so those that were copied stay
    }
    throw Error(fmt::format("copying {}", root.string()),
                fmt::format("files were removed during each of {} attempts", max_table_attempts),
                "Try again.");
}

}  // namespace millrace::backup
