#include "verify/gold_check.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <map>

#include "base/units.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_file.h"
#include "storage/arrow_schema.h"
#include "storage/arrow_status.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"
#include "verify/gold_hours.h"

namespace millrace::verify {

namespace {

/// Counts the rows of a day. Sets `twice` to the key of a row that occurs twice.
std::int64_t count_rows(const std::string& day, const std::vector<std::filesystem::path>& files,
                        gold::Table which, std::string& twice) {
    boost::unordered_flat_set<std::string> keys;
    std::int64_t rows = 0;
    for (const std::filesystem::path& file : files) {
        const auto& columns = *gold::table_layout(which).schema;
        storage::scan_parquet(file, columns, gold::table_key(which), [&](const arrow::RecordBatch& batch) {
            rows += batch.num_rows();
            for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
                std::string key = day;
                for (const auto& values : batch.columns()) {
                    key += '\n';
                    if (!values->IsNull(i))  // "=" tells a text from null
                        key += '=' + storage::value_of(values->GetScalar(i), "reading gold rows")->ToString();
                }
                if (const auto [place, fresh] = keys.insert(std::move(key)); !fresh) twice = *place;
            }
        });
    }
    return rows;
}

Check check_table(const storage::DeltaTable& table, gold::Table which) {
    const std::string name = fmt::format("gold.{}", gold::table_name(which));
    if (!storage::lacking_columns(table.snapshot().metadata.schema_json,
                                  storage::delta_schema(*gold::table_schema(which))))
        return {name, false, "its columns differ from the format's"};
    for (const auto& [path, add] : table.snapshot().files) {
        std::error_code error;
        const auto size = std::filesystem::file_size(table.root() / path, error);
        if (error || static_cast<std::int64_t>(size) != add.size)
            return {name, false, fmt::format("{} is not on disk as the log says", path)};
    }
    if (!gold::provisional_files_are_whole(table.snapshot()))
        return {name, false,
                "another program has rewritten files with rows of open windows; millrace gold rebuilds it"};
    std::map<std::string, std::vector<std::filesystem::path>, std::less<>> days;
    for (const auto& [path, add] : table.snapshot().files)
        days[std::string(storage::partition_value(add, "day"))].push_back(table.root() / path);
    std::int64_t rows = 0;
    std::string twice;
    for (const auto& [day, files] : days) rows += count_rows(day, files, which, twice);
    const std::int64_t provisional = gold::count_provisional_rows(table.snapshot());
    const std::string open =
        provisional == 0 ? "" : fmt::format(", {} of them of open windows", base::format_count(provisional));
    if (twice.empty())
        return {name, true, fmt::format("{}, each once{}", base::format_counted(rows, "row"), open)};
    std::ranges::replace(twice, '\n', ' ');
    return {name, false, fmt::format("this row occurs twice: {}", twice)};
}

}  // namespace

void check_gold(const catalog::DataDirectory& data, VerifyReport& report) {
    for (const gold::Table each : gold::all_tables) {
        if (!storage::DeltaTable::exists(data.gold() / gold::table_name(each))) return;
        report.checks.push_back(
            check_table(storage::DeltaTable::open(data.gold() / gold::table_name(each)), each));
        if (!report.checks.back().passed) return;
    }
    check_gold_hours(data, report);
}

}  // namespace millrace::verify
