#include "storage/delta_table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <random>
#include <shared_mutex>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "storage/arrow_schema.h"

namespace millrace::storage {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::int64_t commits_per_checkpoint = 10;
constexpr auto checkpoint_interval = std::chrono::seconds(10);
/// A checkpoint may write this many actions for each commit since the last checkpoint.
constexpr std::int64_t actions_per_commit = 500;
constexpr auto min_log_retention = std::chrono::minutes(2);
constexpr auto default_log_retention = std::chrono::hours(7 * 24);
constexpr auto log_cleanup_timeout = std::chrono::seconds(10);  // a commit adds one file to the log
constexpr auto vacuum_timeout = std::chrono::seconds(60);       // vacuum removes a few files at a time

/// The content of a `_delta_log` directory.
struct LogListing {
    Version last_commit = no_version;
    std::map<Version, CheckpointParts> checkpoints;  // complete checkpoints by version
};

std::optional<Version> leading_version(const std::string& name) {
    std::int64_t version = 0;
    if (name.size() < 20) return std::nullopt;
    const auto [end, error] = std::from_chars(name.data(), name.data() + 20, version);
    if (error != std::errc() || end != name.data() + 20) return std::nullopt;
    return Version(version);
}

/// The number of a checkpoint's part and the number of all parts, from a file's name. Parts count from 1.
struct CheckpointPart {
    std::size_t number = 1;
    std::size_t of = 1;
};

/// Returns nullopt if `name` is not that of a checkpoint's file.
std::optional<CheckpointPart> part_of(const std::string& name) {
    const std::string_view rest = std::string_view(name).substr(20);
    if (rest == ".checkpoint.parquet") return CheckpointPart();
    // V.checkpoint.PPPPPPPPPP.NNNNNNNNNN.parquet
    if (rest.size() != 12 + 10 + 1 + 10 + 8 || !rest.starts_with(".checkpoint.") || rest[22] != '.' ||
        !rest.ends_with(".parquet"))
        return std::nullopt;
    CheckpointPart part;
    const auto number = std::from_chars(rest.data() + 12, rest.data() + 22, part.number);
    const auto of = std::from_chars(rest.data() + 23, rest.data() + 33, part.of);
    const bool whole = number.ptr == rest.data() + 22 && of.ptr == rest.data() + 33;
    return whole && part.number >= 1 && part.number <= part.of ? std::optional(part) : std::nullopt;
}

/// The files of one version's checkpoints, by the number of parts of the checkpoint and then by the number of
/// the part. Writers that died may have left parts of several checkpoints.
using PartsFound = std::map<std::size_t, std::map<std::size_t, fs::path>>;

LogListing list_log(const fs::path& directory) {
    LogListing listing;
    std::map<Version, PartsFound> found;  // the parts of each checkpoint
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename().string();
        const auto version = leading_version(name);
        if (!version) continue;
        if (name.substr(20) == ".json") listing.last_commit = std::max(listing.last_commit, *version);
        if (const auto part = part_of(name)) found[*version][part->of][part->number] = entry.path();
    }
    for (const auto& [version, checkpoints] : found) {
        const auto is_whole = [](const auto& each) { return each.second.size() == each.first; };
        const auto whole = std::ranges::find_if(checkpoints, is_whole);
        if (whole == checkpoints.end()) continue;
        for (const auto& [number, path] : whole->second) listing.checkpoints[version].push_back(path);
    }
    return listing;
}

/// Returns a random UUID (version 4), which Delta requires as a table's id.
std::string random_uuid() {
    std::random_device device;
    std::uniform_int_distribution<std::uint64_t> any;
    const std::uint64_t high = (any(device) & 0xFFFFFFFFFFFF0FFFULL) | 0x4000ULL;
    const std::uint64_t low = (any(device) & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU,
                       high & 0xFFFFU, low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

Commit creating_commit(const arrow::Schema& schema, const std::vector<std::string>& partition_columns,
                       const std::string& name) {
    Commit commit;
    commit.operation = "CREATE TABLE";
    commit.timestamp = base::wall_time();
    commit.protocol = Protocol();
    commit.metadata = Metadata{.id = random_uuid(),
                               .name = name,
                               .schema_json = delta_schema(schema),
                               .partition_columns = partition_columns,
                               .configuration = {{"delta.deletedFileRetentionDuration", "interval 2 minutes"},
                                                 {"delta.logRetentionDuration", "interval 2 minutes"}},
                               .created_time = commit.timestamp};
    return commit;
}

/// Reads a duration in the form of Delta's configuration: "interval 6 hours".
base::Duration interval_of(const Metadata& metadata, const std::string& key, base::Duration otherwise) {
    const auto found = metadata.configuration.find(key);
    if (found == metadata.configuration.end()) return otherwise;
    std::string_view text = found->second;
    if (text.starts_with("interval ")) text.remove_prefix(9);
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return otherwise;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (unit.starts_with(" second")) return std::chrono::seconds(count);
    if (unit.starts_with(" minute")) return std::chrono::minutes(count);
    if (unit.starts_with(" hour")) return std::chrono::hours(count);
    if (unit.starts_with(" day")) return std::chrono::hours(24 * count);
    if (unit.starts_with(" week")) return std::chrono::hours(168 * count);
    return otherwise;
}

/// Returns the modification time of a file, or nullopt if the file has been removed in the meantime.
std::optional<base::WallTime> modified_at(const fs::path& path) {
    std::error_code error;
    const auto time = std::chrono::file_clock::to_sys(fs::last_write_time(path, error));
    if (error) return std::nullopt;
    return std::chrono::time_point_cast<std::chrono::milliseconds>(time);
}

}  // namespace

bool DeltaTable::exists(const fs::path& root) {
    const LogListing listing = list_log(root / "_delta_log");
    return listing.last_commit != no_version || !listing.checkpoints.empty();
}

std::optional<std::size_t> lacking_columns(const std::string& present, const std::string& wanted) {
    const auto has = base::parse_json(present, "the table's schema");
    const auto wants = base::parse_json(wanted, "the schema");
    std::map<std::string, base::json::value> fields;
    for (const auto& field : has.at("fields").as_array())
        fields[std::string(field.at("name").as_string())] = field;
    std::size_t lacking = 0;
    for (const auto& field : wants.at("fields").as_array()) {
        const auto found = fields.find(std::string(field.at("name").as_string()));
        if (found == fields.end()) {
            if (!field.at("nullable").as_bool()) return std::nullopt;
            ++lacking;
            continue;
        }
        if (found->second != field) return std::nullopt;
        fields.erase(found);
    }
    return fields.empty() ? std::optional(lacking) : std::nullopt;
}

DeltaTable DeltaTable::open(const fs::path& root) {
    DeltaTable table(root);
    table.load();
    return table;
}

DeltaTable DeltaTable::open_or_create(const fs::path& root, const arrow::Schema& schema,
                                      const std::vector<std::string>& partition_columns) {
    DeltaTable table(root);
    if (!exists(root)) {
        const auto commit = creating_commit(schema, partition_columns, root.filename().string());
        base::make_directory(table.log_directory());
        base::put_if_absent(table.commit_path(Version(0)), serialize_commit(commit));
        base::fail_point("delta.created");
    }
    table.load();
    check_writable(table.snapshot_.protocol, table.snapshot_.metadata, root.string());
    table.adopt_schema(schema);
    return table;
}

fs::path DeltaTable::commit_path(Version version) const {
    return log_directory() / fmt::format("{:020}.json", version);
}

std::optional<Commit> DeltaTable::read_commit(Version version) const {
    const fs::path path = commit_path(version);
    const auto text = base::read_file_if_exists(path);
    if (!text) return std::nullopt;
    Commit commit = parse_commit(*text, path.string());
    if (commit.protocol) check_readable(*commit.protocol, root_.string());
    return commit;
}

void DeltaTable::load() {
    const LogListing listing = list_log(log_directory());
    if (listing.last_commit == no_version && listing.checkpoints.empty()) {
        throw usage_error(fmt::format("opening the Delta table {}", root_.string()),
                          "the table does not exist",
                          "Create it with: millrace silver, then millrace gold; or with: millrace run");
    }
    log_ = base::File(log_directory(), base::File::Mode::read);
    if (!listing.checkpoints.empty()) {
        const auto& [version, parts] = *listing.checkpoints.rbegin();
        snapshot_ = read_checkpoint(parts, version);
        base_version_ = version;
        checkpoint_version_ = version;
        checkpoint_time_ = modified_at(parts.front()).value_or(base::wall_time());
        note_checkpoint();
        check_readable(snapshot_.protocol, root_.string());
    }
    refreshed_at_ = base::wall_time();
    refresh();
    if (snapshot_.version < listing.last_commit) {
        throw Error(
            fmt::format("opening the Delta table {}", root_.string()),
            fmt::format("commit {} is missing, although there are later commits", snapshot_.version + 1),
            "Restore _delta_log from a backup, or rebuild the table with: millrace replay");
    }
    check_schema();
}

void DeltaTable::check_schema() const {
    boost::system::error_code error;
    const json::value schema = json::parse(snapshot_.metadata.schema_json, error);
    if (!error && schema.is_object() && base::member(schema.get_object(), "fields").is_array()) return;
    throw Error(fmt::format("opening the Delta table {}", root_.string()),
                "its log is damaged: no commit has the table's schema",
                "Restore _delta_log from a backup, or move the table away and rebuild it (silver: millrace "
                "replay, Gold's tables: millrace gold --rebuild --available-now).");
}

bool DeltaTable::refresh(const OnConflict& on_commit) {
    while (const auto commit = read_commit(snapshot_.version + 1)) {
        snapshot_.apply(*commit);
        if (on_commit && !on_commit(*commit)) return false;
    }
    if (!is_left_behind()) return true;
    log_.check_in_place();
    load();
    return !on_commit;
}

/// After a long pause, the commits that follow the snapshot may have been cleaned up. The snapshot must then
/// not pass for the newest version.
bool DeltaTable::is_left_behind() {
    const base::WallTime now = base::wall_time();
    if (now - std::exchange(refreshed_at_, now) < pause_) return false;
    return list_log(log_directory()).last_commit > snapshot_.version && !read_commit(snapshot_.version + 1);
}

void DeltaTable::adopt_schema(const arrow::Schema& schema) {
    const std::string wanted = delta_schema(schema);
    for (;;) {
        const auto lacking = lacking_columns(snapshot_.metadata.schema_json, wanted);
        if (!lacking) {
            throw Error(fmt::format("opening the Delta table {} to write", root_.string()),
                        "its columns are not the ones that this program writes",
                        "Use the Millrace that wrote it, or move the table away and rebuild it with: "
                        "millrace replay");
        }
        if (*lacking == 0) return;
        Commit commit{
            .metadata = snapshot_.metadata, .operation = "ADD COLUMNS", .timestamp = base::wall_time()};
        commit.metadata->schema_json = wanted;
        base::fail_point("delta.columns.before");
        const bool added = base::put_if_absent(commit_path(snapshot_.version + 1), serialize_commit(commit));
        base::fail_point("delta.columns.added");
        refresh();
        if (added) return;
    }
}

base::File DeltaTable::files_lock() const {
    return {root_ / ".files.lock", base::File::Mode::read_write};
}

/// Adds the commit to the log if its files exist and the version is free.
DeltaTable::Put DeltaTable::put(const Commit& commit) const {
    base::File files = files_lock();
    const std::shared_lock lock(files, vacuum_timeout);
    if (!lock) {
        throw Error(fmt::format("committing to {}", root_.string()),
                    "another process has been removing files from it for a minute",
                    "If a suspended vacuum holds the lock, end that process, then start again.");
    }
    // The lock keeps others from cleaning up the log from here on.
    if (base::wall_time() - refreshed_at_ >= pause_) return Put::left_behind;
    for (const AddFile& add : commit.adds) {
        std::error_code error;
        if (fs::is_regular_file(root_ / add.path, error)) continue;
        spdlog::warn(
            "{}: {} was removed before its commit, so the commit is given up (its writer was "
            "suspended for long, or vacuum's clock is ahead)",
            root_.string(), add.path);
        return Put::file_gone;
    }
    return base::put_if_absent(commit_path(snapshot_.version + 1), serialize_commit(commit))
               ? Put::done
               : Put::version_taken;
}

/// Applies the commit of another writer that has taken the next version. Returns false if `on_conflict` gives
/// up.
bool DeltaTable::pass_other_commit(const OnConflict& on_conflict) {
    const auto other = read_commit(snapshot_.version + 1);
    if (!other) {
        throw Error(fmt::format("committing to {}", root_.string()),
                    fmt::format("the commit of version {} has disappeared", snapshot_.version + 1));
    }
    const bool columns_added = other->metadata && !other->protocol &&
                               other->metadata->id == snapshot_.metadata.id &&
                               lacking_columns(snapshot_.metadata.schema_json, other->metadata->schema_json);
    if ((other->metadata && !columns_added) || other->protocol) {
        throw Error(fmt::format("committing to {}", root_.string()),
                    "the table's schema or settings have changed", "Start again to use the new ones.");
    }
    snapshot_.apply(*other);
    return on_conflict(*other);
}

std::optional<Version> DeltaTable::commit(Commit commit, const OnConflict& on_conflict) {
    commit.timestamp = base::wall_time();
    log_.check_in_place();
    base::fail_point("delta.commit.before");
    if (base::wall_time() - refreshed_at_ >= pause_ && !refresh(on_conflict)) return std::nullopt;
    refreshed_at_ = base::wall_time();
    for (Put result = put(commit); result != Put::done; result = put(commit)) {
        if (result == Put::file_gone) return std::nullopt;
        if (!(result == Put::left_behind ? refresh(on_conflict) : pass_other_commit(on_conflict)))
            return std::nullopt;
    }
    base::fail_point("delta.commit.done");
    snapshot_.apply(commit);
    const Version version = snapshot_.version;
    try {
        checkpoint_if_due();
    } catch (const std::exception& error) {
        // The commit is valid. Without a checkpoint, opening the log only takes longer.
        spdlog::warn("{}: {} (the checkpoint is tried again later)", root_.string(), error.what());
    }
    return version;
}

/// Writes a checkpoint after ten commits and ten seconds. Large checkpoints (with many removed files) are
/// less frequent, so that they stay cheap compared with the commits. A checkpoint of another writer counts,
/// too.
void DeltaTable::checkpoint_if_due() {
    const std::int64_t commits = std::max(commits_per_checkpoint, checkpoint_actions_ / actions_per_commit);
    if (snapshot_.version - checkpoint_version_ < commits) return;
    if (base::wall_time() - checkpoint_time_ < checkpoint_interval) return;
    note_checkpoint();
    if (snapshot_.version - checkpoint_version_ >= commits) return checkpoint();
    const auto oldest = base::wall_time() - tombstone_retention();
    std::erase_if(snapshot_.tombstones,
                  [&](const auto& item) { return item.second.deletion_timestamp < oldest; });
}

/// Takes over the content of `_last_checkpoint` if it is newer than the checkpoint that is known.
void DeltaTable::note_checkpoint() {
    const fs::path path = log_directory() / "_last_checkpoint";
    const auto text = base::read_file_if_exists(path);
    if (!text) return;
    boost::system::error_code error;
    const json::value last = json::parse(*text, error);
    // The file is only a hint, and some writers do not replace it atomically.
    if (error || !last.is_object()) return;
    const Version version(base::integer_member(last.as_object(), "version", no_version.value()));
    if (version < checkpoint_version_) return;
    checkpoint_version_ = version;
    checkpoint_actions_ = base::integer_member(last.as_object(), "size");
}

/// Returns the files of the newest checkpoint that this snapshot includes.
CheckpointParts DeltaTable::newest_checkpoint() const {
    auto checkpoints = list_log(log_directory()).checkpoints;
    const auto past = checkpoints.upper_bound(snapshot_.version);
    const Version found = past == checkpoints.begin() ? no_version : std::prev(past)->first;
    if (found < base_version_) {
        throw Error(
            fmt::format("reading the checkpoints of {}", root_.string()),
            fmt::format("the checkpoint of version {} is missing, and with it the list of removed files",
                        base_version_),
            "Start again to read the table from its newest checkpoint.");
    }
    return found == no_version ? CheckpointParts() : std::prev(past)->second;
}

std::map<std::string, RemoveFile> DeltaTable::tombstones() const {
    std::map<std::string, RemoveFile> all = snapshot_.tombstones;
    read_tombstones(newest_checkpoint(), [&](RemoveFile&& remove) {
        if (!snapshot_.files.contains(remove.path)) all.try_emplace(remove.path, std::move(remove));
    });
    return all;
}

void DeltaTable::checkpoint() {
    const fs::path path = log_directory() / fmt::format("{:020}.checkpoint.parquet", snapshot_.version);
    const base::WallTime now = base::wall_time();
    const auto oldest_tombstone = std::chrono::ceil<std::chrono::milliseconds>(now - tombstone_retention());
    const std::int64_t actions = write_checkpoint(path, snapshot_, newest_checkpoint(), oldest_tombstone);
    snapshot_.tombstones.clear();
    base_version_ = snapshot_.version;
    base::replace_file(
        log_directory() / "_last_checkpoint",
        json::serialize(json::object{{"version", snapshot_.version.value()}, {"size", actions}}));
    base::fail_point("delta.checkpoint.announced");
    checkpoint_version_ = snapshot_.version;
    checkpoint_actions_ = actions;
    checkpoint_time_ = now;
    clean_up_log({.guaranteed = std::max<base::Duration>(log_retention(), default_log_retention)});
}

std::int64_t DeltaTable::clean_up_log(const LogPolicy& policy) const {
    const auto oldest = base::wall_time() - std::max<base::Duration>(policy.guaranteed, min_log_retention);
    const LogListing listing = list_log(log_directory());
    // Every version stays readable from the last checkpoint before the cut-off on.
    Version keep_from = no_version;
    for (const auto& [version, parts] : listing.checkpoints) {
        const auto modified = modified_at(parts.front());
        if (modified && *modified < oldest && version <= policy.needed &&
            version <= listing.last_commit - policy.newest)
            keep_from = version;
    }
    if (keep_from == no_version) return 0;
    base::File files = files_lock();
    const std::unique_lock lock(files, log_cleanup_timeout);
    if (!lock) return 0;
    std::int64_t removed = 0;
    std::error_code error;  // ignored, because other writers clean up, too
    for (const auto& entry : fs::directory_iterator(log_directory(), error)) {
        const auto version = leading_version(entry.path().filename().string());
        if (!version || *version >= keep_from || !fs::remove(entry.path(), error)) continue;
        ++removed;
        base::fail_point("delta.log.removed");
    }
    return removed;
}

base::Duration DeltaTable::log_retention() const {
    return interval_of(snapshot_.metadata, "delta.logRetentionDuration", default_log_retention);
}

base::Duration DeltaTable::deleted_file_retention() const {
    return interval_of(snapshot_.metadata, "delta.deletedFileRetentionDuration", std::chrono::hours(7 * 24));
}

base::Duration DeltaTable::tombstone_retention() const {
    return std::max<base::Duration>(deleted_file_retention(), std::chrono::hours(6));
}

}  // namespace millrace::storage
