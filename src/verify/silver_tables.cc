#include "verify/silver_tables.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/units.h"
#include "silver/silver_table.h"
#include "storage/arrow_schema.h"
#include "storage/vacuum.h"
#include "verify/finding.h"

namespace millrace::verify {

SilverTables::SilverTables(const catalog::DataDirectory& data, const bronze::EventLog& log)
    : silver(storage::DeltaTable::open(data.silver())),
      quarantine(storage::DeltaTable::open(data.quarantine())),
      identity(catalog::identify(silver.snapshot(), log)) {
    for (int p = 0; p < log.partitions(); ++p)
        progress.push_back(catalog::read_progress(silver.snapshot(), log, p));
}

Check check_schemas(const SilverTables& tables) {
    Finding finding("schema");
    const auto compare = [&](const storage::DeltaTable& table, const arrow::Schema& schema,
                             const char* name) {
        const std::string& actual = table.snapshot().metadata.schema_json;
        finding.require(storage::lacking_columns(actual, storage::delta_schema(schema)).has_value(),
                        [&] { return fmt::format("the {} table's columns differ from the format's", name); });
    };
    compare(tables.silver, *silver::silver_schema(), "silver");
    compare(tables.quarantine, *silver::quarantine_schema(), "quarantine");
    return finding.check("both tables have the columns of their format");
}

void check_files(const storage::DeltaTable& table, const char* name, VerifyReport& report) {
    Finding finding(fmt::format("{} files", name));
    std::int64_t bytes = 0;
    for (const auto& [path, file] : table.snapshot().files) {
        std::error_code error;
        const auto size = std::filesystem::file_size(table.root() / path, error);
        finding.require(!error, [&] { return fmt::format("{} is in the log but not on disk", path); });
        finding.require(error || static_cast<std::int64_t>(size) == file.size, [&] {
            return fmt::format("{} has {} bytes, and the log says {}", path, size, file.size);
        });
        bytes += file.size;
    }
    report.checks.push_back(finding.check(fmt::format(
        "{}, {}", base::format_counted(static_cast<std::int64_t>(table.snapshot().files.size()), "file"),
        base::format_size(bytes))));
    std::int64_t removed = 0;
    std::int64_t orphans = 0;
    const auto tombstones = table.tombstones();
    for (const auto& path : storage::unnamed_files(table)) {
        ++(tombstones.contains(path) ? removed : orphans);
    }
    if (removed > 0) report.notes.push_back(fmt::format("{}: {} removed files await vacuum", name, removed));
    if (orphans > 0) {
        report.notes.push_back(fmt::format(
            "{}: {} files that no commit names (a crash leaves them; vacuum removes them)", name, orphans));
    }
}

}  // namespace millrace::verify
