#include "python/table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "python/rows.h"
#include "storage/arrow_schema.h"
#include "storage/arrow_status.h"
#include "storage/parquet_file.h"

namespace millrace::python {

namespace {

constexpr auto reading_table = "reading rows of a table";
constexpr auto creating_table = "creating a table";

/// The value of a partition column.
std::shared_ptr<arrow::Scalar> parsed(const std::string& value,
                                      const std::shared_ptr<arrow::DataType>& type) {
    if (type->id() != arrow::Type::DECIMAL128)
        return storage::value_of(arrow::Scalar::Parse(type, value), reading_table);
    arrow::Decimal128 number;
    std::int32_t scale = 0;
    storage::check(arrow::Decimal128::FromString(value, &number, nullptr, &scale), reading_table);
    const auto& decimal = dynamic_cast<const arrow::Decimal128Type&>(*type);
    return std::make_shared<arrow::Decimal128Scalar>(
        storage::value_of(number.Rescale(scale, decimal.scale()), reading_table), type);
}

/// Throws an Error if a table cannot have a file, before all of it becomes unreadable.
void check_file(const storage::AddFile& add, const storage::Metadata& metadata) {
    const std::string committing = fmt::format("committing the file {}", add.path);
    (void)storage::table_path(storage::encode_path(add.path), "the entry of a file");
    std::vector<std::string> names;
    names.reserve(add.partition_values.size());
    for (const auto& [name, value] : add.partition_values) names.push_back(name);
    std::ranges::sort(names);
    std::vector<std::string> wanted = metadata.partition_columns;
    std::ranges::sort(wanted);
    if (names != wanted)
        throw usage_error(committing, fmt::format("its partition_values name [{}]", fmt::join(names, ", ")),
                          fmt::format("Give a value for each of [{}].", fmt::join(wanted, ", ")));
    if (add.size < 0) throw usage_error(committing, "its size is below 0");
    if (!add.stats.empty()) (void)base::parse_json(add.stats, committing);
}

/// Syncs files, which another program may have written, and their directories. False if one is gone.
bool make_durable(const std::filesystem::path& root, const std::vector<storage::AddFile>& files) {
    std::set<std::filesystem::path> directories;
    for (const storage::AddFile& add : files) {
        const auto path = root / add.path;
        auto file = base::File::open_if_exists(path);
        if (!file) return false;
        file->sync();
        for (auto folder = path.parent_path(); folder != root; folder = folder.parent_path())
            directories.insert(folder);
        directories.insert(root);
    }
    for (const auto& directory : directories) base::sync_directory(directory);
    return true;
}

/// Reads files one after the other. Not thread-safe.
class FilesReader : public arrow::RecordBatchReader {
  public:
    FilesReader(std::filesystem::path root, std::shared_ptr<arrow::Schema> table,
                std::shared_ptr<arrow::Schema> schema, std::vector<storage::AddFile> files)
        : root_(std::move(root)),
          table_(std::move(table)),
          schema_(std::move(schema)),
          files_(std::move(files)) {}

    [[nodiscard]] std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
        try {
            *batch = next();
            return arrow::Status::OK();
        } catch (const std::exception& error) {
            return arrow::Status::IOError(error.what());
        }
    }

  private:
    std::shared_ptr<arrow::RecordBatch> next() {
        for (; next_ < files_.size(); ++next_, file_.reset()) {
            const storage::AddFile& add = files_[next_];
            if (!file_)
                file_ = std::make_unique<storage::ParquetReader>(root_ / add.path, *table_, names(add));
            if (const auto rows = file_->next()) return complete(rows, add);
        }
        return nullptr;
    }

    /// The columns to read of a file, which does not have the table's partition columns.
    [[nodiscard]] std::vector<std::string> names(const storage::AddFile& add) const {
        std::vector<std::string> names;
        for (const auto& field : schema_->fields()) {
            if (!value_in(add, field->name())) names.push_back(field->name());
        }
        // A file's rows must be counted, even if no column of it is wanted.
        if (names.empty()) names.push_back(a_column_of(add));
        return names;
    }

    [[nodiscard]] std::string a_column_of(const storage::AddFile& add) const {
        const auto found = std::ranges::find_if(
            table_->fields(), [&](const auto& field) { return !value_in(add, field->name()); });
        if (found == table_->fields().end())
            throw Error(reading_table, fmt::format("{} has only partition columns", add.path));
        return (*found)->name();
    }

    static const std::string* value_in(const storage::AddFile& add, const std::string& column) {
        const auto found =
            std::ranges::find(add.partition_values, column, &std::pair<std::string, std::string>::first);
        return found == add.partition_values.end() ? nullptr : &found->second;
    }

    /// Adds the partition columns.
    [[nodiscard]] std::shared_ptr<arrow::RecordBatch> complete(
        const std::shared_ptr<arrow::RecordBatch>& rows, const storage::AddFile& add) const {
        auto completed = rows;
        for (const auto& field : schema_->fields()) {
            const std::string* value = value_in(add, field->name());
            if (value == nullptr || value->empty()) continue;  // an empty value stands for null
            completed = with_constant(*completed, field, *parsed(*value, field->type()));
        }
        return with_schema(*completed, schema_);
    }

    const std::filesystem::path root_;
    const std::shared_ptr<arrow::Schema> table_;
    const std::shared_ptr<arrow::Schema> schema_;
    const std::vector<storage::AddFile> files_;
    std::size_t next_ = 0;
    std::unique_ptr<storage::ParquetReader> file_;
};

}  // namespace

TableRows::TableRows(std::filesystem::path root, const storage::Snapshot& snapshot,
                     const std::vector<std::string>& columns)
    : root_(std::move(root)), table_(storage::arrow_schema(snapshot.metadata.schema_json)), schema_(table_) {
    for (const auto& [path, add] : snapshot.files) files_.push_back(add);
    if (columns.empty()) return;
    arrow::FieldVector fields;
    for (const std::string& column : columns) {
        const auto field = table_->GetFieldByName(column);
        if (!field)
            throw usage_error(reading_table, fmt::format("{} has no column {}", root_.string(), column),
                              fmt::format("Its columns are {}.", fmt::join(table_->field_names(), ", ")));
        fields.push_back(field);
    }
    schema_ = arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::RecordBatchReader> TableRows::reader() const {
    return std::make_shared<FilesReader>(root_, table_, schema_, files_);
}

Table::Table(const std::filesystem::path& path, const arrow::Schema& schema,
             const std::vector<std::string>& partition_columns)
    : table_([&] {
          const auto is_missing = [&](const std::string& name) { return schema.GetFieldIndex(name) < 0; };
          const auto wrong = std::ranges::find_if(partition_columns, is_missing);
          if (wrong != partition_columns.end())
              throw usage_error(creating_table, fmt::format("the partition column {} is no column", *wrong));
          if (std::cmp_greater_equal(partition_columns.size(), schema.num_fields()))
              throw usage_error(creating_table, "all columns are partition columns",
                                "Leave one out: files have the other columns.");
          return storage::DeltaTable::open_or_create(path, schema, partition_columns);
      }()) {
    const auto& present = table_.snapshot().metadata.partition_columns;
    if (present != partition_columns)
        throw usage_error(creating_table, fmt::format("{} exists with the partition columns {}",
                                                      path.string(), fmt::join(present, ", ")));
}

std::int64_t Table::version() const {
    const base::MutexLock lock(mutex_);
    return table_.snapshot().version.value();
}

std::vector<std::string> Table::partition_columns() const {
    const base::MutexLock lock(mutex_);
    return table_.snapshot().metadata.partition_columns;
}

std::filesystem::path Table::path() const {
    const base::MutexLock lock(mutex_);
    return table_.root();
}

std::int64_t Table::refresh() {
    const base::MutexLock lock(mutex_);
    table_.refresh();
    return table_.snapshot().version.value();
}

storage::Snapshot Table::snapshot() const {
    const base::MutexLock lock(mutex_);
    return table_.snapshot();
}

TableRows Table::rows(const std::vector<std::string>& columns) const {
    const base::MutexLock lock(mutex_);
    return {table_.root(), table_.snapshot(), columns};
}

std::vector<std::pair<std::int64_t, storage::Commit>> Table::history(std::size_t limit) const {
    const base::MutexLock lock(mutex_);
    std::vector<std::pair<std::int64_t, storage::Commit>> commits;
    for (auto version = table_.snapshot().version; version > storage::no_version && commits.size() < limit;
         version = version - 1) {
        auto commit = table_.read_commit(version);
        if (!commit) break;
        commits.emplace_back(version.value(), std::move(*commit));
    }
    return commits;
}

std::optional<std::int64_t> Table::commit(std::vector<storage::AddFile> files,
                                          const std::map<std::string, std::int64_t>& txns,
                                          const std::string& operation) {
    const base::MutexLock lock(mutex_);
    const storage::Snapshot& snapshot = table_.snapshot();
    storage::check_writable(snapshot.protocol, snapshot.metadata, table_.root().string());
    for (const storage::AddFile& add : files) check_file(add, snapshot.metadata);
    if (!make_durable(table_.root(), files)) return std::nullopt;
    storage::Commit commit;
    commit.operation = operation;
    commit.adds = std::move(files);
    std::set<std::string> ids;
    for (const auto& [app_id, version] : txns) {
        commit.txns.push_back({app_id, version, base::wall_time()});
        ids.insert(app_id);
    }
    const auto version =
        table_.commit(std::move(commit), [&](const storage::Commit& other) { return !other.moves_any(ids); });
    return version ? std::optional(version->value()) : std::nullopt;
}

}  // namespace millrace::python
