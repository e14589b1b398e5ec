#include "api/sql_views.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "archive/archive_table.h"
#include "base/json.h"
#include "gold/gold_tables.h"
#include "silver/silver_table.h"
#include "storage/arrow_schema.h"

namespace millrace::api {

namespace {

/// Returns DuckDB's name for a type of a Delta schema, in which nested types are objects.
std::string sql_type(const base::json::value& type) {
    if (type.is_object()) {
        const auto& nested = type.get_object();
        if (nested.at("type") == "array") return sql_type(nested.at("elementType")) + "[]";
        if (nested.at("type") == "map")
            return fmt::format("MAP({}, {})", sql_type(nested.at("keyType")),
                               sql_type(nested.at("valueType")));
        std::string fields;
        for (const auto& field : nested.at("fields").as_array())
            fields += fmt::format("{}\"{}\" {}", fields.empty() ? "" : ", ",
                                  std::string_view(field.at("name").as_string()), sql_type(field.at("type")));
        return fmt::format("STRUCT({})", fields);
    }
    const std::string_view name = type.as_string();
    if (name == "string") return "VARCHAR";
    if (name == "integer") return "INTEGER";
    if (name == "long") return "BIGINT";
    if (name == "binary") return "BLOB";
    if (name == "timestamp") return "TIMESTAMPTZ";
    return std::string(name);  // double, boolean, decimal(p,s)
}

/// Returns the view of a table in the directory `path`, relative to the data directory. Its columns are those
/// of `schema` (a Delta schema), even if files lack some of them; an empty `schema` means that of the table.
/// Its files are those of the newest version, if the table exists.
serve::SqlView view_of(std::string name, const std::filesystem::path& path, const std::string& schema,
                       const storage::DeltaTable* table) {
    serve::SqlView view{.name = std::move(name), .columns = {}, .files = {}};
    const auto parsed = base::parse_json(schema.empty() ? table->snapshot().metadata.schema_json : schema,
                                         "the table's schema");
    for (const auto& field : parsed.at("fields").as_array())
        view.columns.push_back({std::string(field.at("name").as_string()), sql_type(field.at("type"))});
    if (table == nullptr) return view;
    for (const auto& [file, add] : table->snapshot().files)
        view.files.push_back({path / file, add.partition_values});
    return view;
}

}  // namespace

/// Returns the table in a directory, or nullptr if there is none.
const storage::DeltaTable* SqlViews::newest(const std::filesystem::path& root) {
    auto found = tables_.find(root);
    if (found == tables_.end()) {
        if (!storage::DeltaTable::exists(root)) return nullptr;
        return &tables_.emplace(root, storage::DeltaTable::open(root)).first->second;
    }
    try {
        found->second.refresh();
    } catch (const Error&) {  // its log was cleaned up, or another table took its place
        found->second = storage::DeltaTable::open(root);
    }
    return &found->second;
}

void SqlViews::visit(const std::filesystem::path& root,
                     const std::function<void(const storage::DeltaTable&)>& at) {
    const base::MutexLock lock(mutex_);
    if (const auto* table = newest(root)) at(*table);
}

std::vector<serve::SqlView> SqlViews::views() {
    const base::MutexLock lock(mutex_);
    std::vector<serve::SqlView> views;
    const auto add = [&](std::string name, const std::filesystem::path& root,
                         const std::string& schema) MILLRACE_REQUIRES(mutex_) {
        const auto* table = newest(root);
        if (table == nullptr && schema.empty()) return;
        views.push_back(view_of(std::move(name), root.lexically_relative(data_.root()), schema, table));
    };
    add("silver", data_.silver(), storage::delta_schema(*silver::silver_schema()));
    add("quarantine", data_.quarantine(), storage::delta_schema(*silver::quarantine_schema()));
    for (const gold::Table table : gold::all_tables)
        add(fmt::format("gold.{}", gold::table_name(table)), data_.gold() / gold::table_name(table),
            storage::delta_schema(*gold::table_schema(table)));
    add("bronze", data_.archive(), "");
    return views;
}

}  // namespace millrace::api
