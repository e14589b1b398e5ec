#include "backup/shop_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <shared_mutex>

#include "backup/log_copy.h"
#include "backup/table_copy.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "catalog/table_locks.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_state.h"

namespace millrace::backup {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::int64_t mark_format = 1;
constexpr int max_state_attempts = 5;

/// Copies the small files of a directory: settings, access list, positions of alert sinks, reports of
/// batches. Hidden files are locks and unfinished files.
void copy_small_files(FileCopier& copier, const fs::path& directory, std::string_view extension) {
    if (!fs::is_directory(copier.from() / directory)) return;
    for (const auto& entry : fs::directory_iterator(copier.from() / directory)) {
        const fs::path name = entry.path().filename();
        if (entry.is_regular_file() && !name.string().starts_with('.') && name != backup_mark &&
            (extension.empty() || name.extension() == extension))
            copier.copy(directory / name);
    }
}

/// The version of Silver that a state of Gold includes; -1 when there is no state.
storage::Version version_of(const fs::path& state) {
    const auto position = gold::read_gold_position(state);
    return position ? position->silver_version : storage::no_version;
}

/// Copies Gold's state and the small files beside it, which belong together. Returns the version of Silver
/// that the state includes; -1 when there is no state.
storage::Version copy_state(FileCopier& copier, const catalog::DataDirectory& from) {
    const fs::path state = from.gold_state().lexically_relative(from.root());
    for (int attempt = 0; attempt < max_state_attempts; ++attempt) {
        copier.discard(state.parent_path());
        const storage::Version before = version_of(from.gold_state());
        copy_small_files(copier, state.parent_path(), ".json");
        copier.link(state);
        if (version_of(copier.to() / state) == before) return before;
    }
    throw Error(fmt::format("copying {}", from.gold_state().string()),
                fmt::format("Gold has saved its state during each of {} attempts", max_state_attempts),
                "Try again.");
}

/// Copies Gold's tables. If Gold began a rebuild meanwhile, the copy gets no state, so that a process that
/// starts on it also rebuilds Gold.
void copy_gold(FileCopier& copier, const catalog::DataDirectory& from, storage::Version taken_in) {
    bool rebuilt = false;
    for (const gold::Table each : gold::all_tables) {
        copy_table(copier, (from.gold() / gold::table_name(each)).lexically_relative(from.root()));
        rebuilt |= version_of(from.gold_state()) < taken_in;
    }
    if (rebuilt) copier.discard(from.gold_state().lexically_relative(from.root()));
}

/// Copies the tables, from the last stage to the first, so that no table is ahead of the one that it follows.
storage::Version copy_tables(FileCopier& copier, const catalog::DataDirectory& from) {
    const auto relative = [&](const fs::path& path) { return path.lexically_relative(from.root()); };
    const storage::Version taken_in = copy_state(copier, from);
    copy_gold(copier, from, taken_in);
    const storage::Version silver =
        copy_table(copier, relative(from.silver()), taken_in == storage::no_version ? no_follower : taken_in);
    copy_table(copier, relative(from.quarantine()));
    copy_table(copier, relative(from.archive()));
    return silver;
}

void check_target(const fs::path& to) {
    if (!fs::exists(to)) return;
    if (!fs::is_directory(to) || !fs::is_empty(to))
        throw usage_error(fmt::format("copying to {}", to.string()),
                          "it exists and is not an empty directory",
                          "Name a directory that does not exist yet.");
}

/// Makes everything in the directory's file system durable.
void sync_file_system(const fs::path& directory) {
    const base::File file(directory, base::File::Mode::read);
    if (::syncfs(file.fd()) != 0)
        throw system_error(fmt::format("writing {} to disk", directory.string()), errno);
}

/// Gives the complete copy its name.
void put_in_place(const fs::path& unfinished, const fs::path& to) {
    sync_file_system(unfinished);
    base::fail_point("backup.copied");
    if (::rename(unfinished.c_str(), to.c_str()) != 0)  // replaces an empty directory
        throw system_error(fmt::format("renaming {} to {}", unfinished.string(), to.string()), errno);
    base::sync_directory(to.parent_path());
}

/// Copies a shop whose tables are replaced by no rebuild meanwhile.
ShopCopy copy_unchanging(const catalog::DataDirectory& from, const std::optional<fs::path>& bronze,
                         const fs::path& target, const FileCopier::OnFile& on_file) {
    const base::Stopwatch watch;
    const fs::path to = fs::absolute(target).lexically_normal();
    check_target(to);
    const fs::path unfinished = to.parent_path() / fmt::format(".{}.unfinished", to.filename().string());
    fs::remove_all(unfinished);  // of a copy that was killed
    base::make_directory(unfinished);
    ShopCopy made;
    FileCopier tables(from.root(), unfinished, on_file);
    copy_small_files(tables, "", "");
    made.silver_version = copy_tables(tables, from);
    copy_small_files(tables, "progress", "");
    made.files = tables.copied();
    if (bronze) {
        FileCopier log(*bronze, unfinished / "bronze", [&](CopiedFiles so_far) {
            so_far.add(made.files);
            on_file(so_far);
        });
        copy_log(log);
        made.files.add(log.copied());
    }
    made.seconds = watch.seconds();
    put_in_place(unfinished, to);
    return made;
}

}  // namespace

json::object ShopCopy::to_json() const {
    return {{"files", files.files},
            {"linked", files.linked},
            {"bytes", files.bytes},
            {"silver_version", silver_version.value()},
            {"seconds", seconds}};
}

ShopCopy copy_shop(const catalog::DataDirectory& from, const std::optional<fs::path>& bronze,
                   const fs::path& target, const FileCopier::OnFile& on_file) {
    // No rebuild replaces the tables meanwhile.
    base::File commits = catalog::commit_lock(from);
    const std::shared_lock lock(commits);
    from.check_not_rebuilding();
    return copy_unchanging(from, bronze, target, on_file);
}

ShopCopy copy_backup(const catalog::DataDirectory& backup, const fs::path& to,
                     const FileCopier::OnFile& on_file) {
    return copy_unchanging(backup, backup.bronze(), to, on_file);
}

void mark_backup(const fs::path& copy, const ShopCopy& made) {
    json::object mark = made.to_json();
    mark["format"] = mark_format;
    mark["made_at"] = model::format_timestamp(base::now());
    base::replace_file(copy / backup_mark, json::serialize(mark) + "\n");
}

void check_backup(const fs::path& directory) {
    const auto text = base::read_file_if_exists(directory / backup_mark);
    if (!text)
        throw usage_error(fmt::format("restoring from {}", directory.string()),
                          fmt::format("it is no backup: there is no {} in it", backup_mark),
                          "Make backups with: millrace backup DIR");
    boost::system::error_code error;
    const json::value mark = json::parse(*text, error);
    if (error || !mark.is_object() || base::integer_member(mark.get_object(), "format") != mark_format)
        throw usage_error(fmt::format("restoring from {}", directory.string()),
                          "it was made by a newer version of Millrace",
                          "Restore it with that version or a later one.");
}

}  // namespace millrace::backup
