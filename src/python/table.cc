#include "python/table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "python/rows.h"
#include "storage/arrow_schema.h"
#include "storage/arrow_status.h"
#include "storage/parquet_file.h"

namespace millrace::python {

namespace {

constexpr auto reading_table = "reading rows of a table";

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
            if (const auto rows = file_->next()) return complete(*rows, add);
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
        return (*found)->name();
    }

    static const std::string* value_in(const storage::AddFile& add, const std::string& column) {
        const auto found =
            std::ranges::find(add.partition_values, column, &std::pair<std::string, std::string>::first);
        return found == add.partition_values.end() ? nullptr : &found->second;
    }

    /// Adds the partition columns.
    [[nodiscard]] std::shared_ptr<arrow::RecordBatch> complete(const arrow::RecordBatch& rows,
                                                               const storage::AddFile& add) const {
        arrow::FieldVector fields = rows.schema()->fields();
        arrow::ArrayVector columns = rows.columns();
        for (const auto& field : schema_->fields()) {
            const std::string* value = value_in(add, field->name());
            if (value == nullptr || value->empty()) continue;  // an empty value stands for null
            const auto scalar = storage::value_of(arrow::Scalar::Parse(field->type(), *value), reading_table);
            fields.push_back(field);
            columns.push_back(
                storage::value_of(arrow::MakeArrayFromScalar(*scalar, rows.num_rows()), reading_table));
        }
        return with_schema(
            *arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(columns)),
            schema_);
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
