#include "storage/optimize.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/random_id.h"
#include "storage/arrow_status.h"
#include "storage/file_stats.h"

namespace millrace::storage {

namespace fs = std::filesystem;

namespace {

using Group = std::vector<const AddFile*>;

/// Returns the key that files must share to be joined, or nullopt if a constant column is not known to be
/// constant in the file, or nothing is known of a separate one.
std::optional<std::string> group_key(const AddFile& add, const OptimizeOptions& options) {
    std::string key = partition_directory(add.partition_values);
    const FileStats stats(add);
    for (const auto& column : options.constant_columns) {
        const auto value = stats.constant(column);
        if (!value) return std::nullopt;
        key += "/" + *value;
    }
    for (const auto& column : options.separate_columns) {
        if (!stats.min(column) || !stats.max(column)) return std::nullopt;
        key += "/" + stats.constant(column).value_or("several");
    }
    return key;
}

std::int64_t first_offset(const AddFile* add) {
    return FileStats(*add).min("offset").value_or(std::numeric_limits<std::int64_t>::max());
}

/// Groups consecutive files up to the target size.
std::vector<Group> pack(Group files, const OptimizeOptions& options) {
    std::ranges::sort(files, {}, first_offset);
    std::vector<Group> bins;
    std::int64_t bytes = 0;
    for (const AddFile* add : files) {
        if (add->size >= options.target_bytes) {
            if (options.in_order)
                bytes = options.target_bytes;  // files after this one are no neighbours of files before it
            continue;
        }
        if (bins.empty() || bytes + add->size > options.target_bytes) {
            bins.emplace_back();
            bytes = 0;
        }
        bins.back().push_back(add);
        bytes += add->size;
    }
    std::erase_if(bins, [](const Group& bin) { return bin.size() < 2; });
    return bins;
}

/// Chooses the smallest files (or, in order, the last files) as long as the next one is no larger than the
/// chosen ones together.
std::vector<Group> choose_gradually(Group files, const OptimizeOptions& options) {
    if (options.in_order) {
        std::ranges::sort(files, std::greater(), first_offset);
    } else {
        std::ranges::sort(files, {}, &AddFile::size);
    }
    Group chosen;
    std::int64_t bytes = 0;
    for (const AddFile* add : files) {
        const bool worthwhile = chosen.size() < 2 || add->size <= bytes;
        if (!worthwhile || bytes + add->size > options.target_bytes) break;
        chosen.push_back(add);
        bytes += add->size;
    }
    if (chosen.size() < options.min_files) return {};
    std::ranges::sort(chosen, {}, first_offset);
    return {chosen};
}

/// Returns the rows with all columns of the layout. Columns that were added after the file was written are
/// null.
std::shared_ptr<arrow::RecordBatch> conform(const arrow::RecordBatch& rows, const arrow::Schema& schema,
                                            const std::string& doing) {
    arrow::ArrayVector columns;
    for (const auto& field : schema.fields()) {
        const auto column = rows.GetColumnByName(field->name());
        if (!column && !field->nullable())
            throw Error(doing, fmt::format("it has no column {}", field->name()));
        columns.push_back(column ? column
                                 : value_of(arrow::MakeArrayOfNull(field->type(), rows.num_rows()), doing));
    }
    return arrow::RecordBatch::Make(std::make_shared<arrow::Schema>(schema), rows.num_rows(),
                                    std::move(columns));
}

AddFile join_files(const DeltaTable& table, const ParquetLayout& layout, const Group& group,
                   const std::string& name) {
    AddFile joined;
    joined.partition_values = group.front()->partition_values;
    const std::string file = fmt::format("{}-{}-optimized.snappy.parquet", name, base::random_id());
    joined.path = (fs::path(group.front()->path).parent_path() / file).string();
    joined.data_change = false;
    const fs::path path = table.root() / joined.path;
    try {
        ParquetWriter writer(path, layout);
        for (const AddFile* add : group) {
            const std::string doing = fmt::format("joining {}", add->path);
            scan_parquet(table.root() / add->path, *layout.schema, {}, [&](const arrow::RecordBatch& rows) {
                writer.append(*conform(rows, *layout.schema, doing));
            });
        }
        describe(joined, writer.finish());
    } catch (...) {
        fs::remove(path);  // the next attempt uses another name
        throw;
    }
    base::sync_directory(path.parent_path());
    base::fail_point("optimize.file.synced");
    return joined;
}

void optimize_group(DeltaTable& table, const ParquetLayout& layout, const Group& group,
                    const std::string& name, OptimizeReport& report) {
    // Updates the snapshot with commits that others have made since the groups were chosen.
    table.refresh();
    const auto live = [&](const AddFile* add) { return table.snapshot().files.contains(add->path); };
    if (!std::ranges::all_of(group, live)) return;
    Commit commit;
    commit.operation = "OPTIMIZE";
    commit.adds.push_back(join_files(table, layout, group, name));
    std::set<std::string> inputs;
    const base::WallTime now = base::wall_time();
    std::int64_t bytes = 0;
    for (const AddFile* add : group) {
        commit.removes.push_back({add->path, add->partition_values, add->size, now, false});
        inputs.insert(add->path);
        bytes += add->size;
    }
    const AddFile joined = commit.adds.front();
    const auto version = table.commit(std::move(commit), [&](const Commit& other) {
        return std::ranges::none_of(other.removes,
                                    [&](const RemoveFile& remove) { return inputs.contains(remove.path); });
    });
    if (!version) {
        fs::remove(table.root() / joined.path);
        return;
    }
    base::fail_point("optimize.committed");
    report.files_before += static_cast<std::int64_t>(inputs.size());
    report.files_after += 1;
    report.bytes_before += bytes;
    report.bytes_after += joined.size;
}

}  // namespace

OptimizeReport optimize(DeltaTable& table, const ParquetLayout& layout, const OptimizeOptions& options) {
    check_writable(table.snapshot().protocol, table.snapshot().metadata, table.root().string());
    OptimizeReport report;
    // A copy, because commits change the snapshot.
    const std::map<std::string, AddFile> files = table.snapshot().files;
    std::map<std::string, Group> groups;
    for (const auto& [path, add] : files) {
        if (options.wanted && !options.wanted(add)) continue;
        if (const auto key = group_key(add, options)) groups[*key].push_back(&add);
    }
    for (const auto& [key, group] : groups) {
        for (const Group& bin : options.gradual ? choose_gradually(group, options) : pack(group, options)) {
            optimize_group(table, layout, bin, options.name, report);
        }
    }
    return report;
}

}  // namespace millrace::storage
