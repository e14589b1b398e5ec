#include "storage/delta_checkpoint.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "storage/arrow_status.h"

namespace millrace::storage {

namespace fs = std::filesystem;

namespace {

constexpr const char* writing = "writing a Delta checkpoint";

std::shared_ptr<arrow::DataType> string_map() {
    return arrow::map(arrow::utf8(), arrow::utf8());
}

std::shared_ptr<arrow::Schema> checkpoint_schema() {
    using arrow::boolean, arrow::field, arrow::int32, arrow::int64, arrow::list, arrow::struct_, arrow::utf8;
    const auto txn =
        struct_({field("appId", utf8()), field("version", int64()), field("lastUpdated", int64())});
    const auto add =
        struct_({field("path", utf8()), field("partitionValues", string_map()), field("size", int64()),
                 field("modificationTime", int64()), field("dataChange", boolean()), field("stats", utf8())});
    const auto remove = struct_({field("path", utf8()), field("deletionTimestamp", int64()),
                                 field("dataChange", boolean()), field("extendedFileMetadata", boolean()),
                                 field("partitionValues", string_map()), field("size", int64())});
    const auto format = struct_({field("provider", utf8()), field("options", string_map())});
    const auto metadata = struct_({field("id", utf8()), field("name", utf8()), field("format", format),
                                   field("schemaString", utf8()), field("partitionColumns", list(utf8())),
                                   field("configuration", string_map()), field("createdTime", int64())});
    const auto protocol = struct_({field("minReaderVersion", int32()), field("minWriterVersion", int32())});
    return arrow::schema({field("txn", txn), field("add", add), field("remove", remove),
                          field("metaData", metadata), field("protocol", protocol)});
}

/// Appends values to the fields of a struct builder, in the order of the fields.
class StructAppender {
  public:
    explicit StructAppender(arrow::ArrayBuilder* builder)
        : builder_(dynamic_cast<arrow::StructBuilder*>(builder)) {
        check(builder_->Append(), writing);
    }
    StructAppender& text(const std::string& value) {
        check(next<arrow::StringBuilder>()->Append(value), writing);
        return *this;
    }
    StructAppender& integer(std::int64_t value) {
        check(next<arrow::Int64Builder>()->Append(value), writing);
        return *this;
    }
    StructAppender& small(int value) {
        check(next<arrow::Int32Builder>()->Append(value), writing);
        return *this;
    }
    StructAppender& flag(bool value) {
        check(next<arrow::BooleanBuilder>()->Append(value), writing);
        return *this;
    }
    template <typename Entries>
    StructAppender& map(const Entries& entries) {
        auto* builder = next<arrow::MapBuilder>();
        check(builder->Append(), writing);
        auto* keys = dynamic_cast<arrow::StringBuilder*>(builder->key_builder());
        auto* items = dynamic_cast<arrow::StringBuilder*>(builder->item_builder());
        for (const auto& [key, value] : entries) {
            check(keys->Append(key), writing);
            check(value.empty() ? items->AppendNull() : items->Append(value), writing);
        }
        return *this;
    }
    StructAppender& strings(const std::vector<std::string>& values) {
        auto* builder = next<arrow::ListBuilder>();
        check(builder->Append(), writing);
        for (const auto& value : values) {
            check(dynamic_cast<arrow::StringBuilder*>(builder->value_builder())->Append(value), writing);
        }
        return *this;
    }
    StructAppender nested() { return StructAppender(builder_->field_builder(field_++)); }

  private:
    template <typename Builder>
    Builder* next() {
        return dynamic_cast<Builder*>(builder_->field_builder(field_++));
    }

    arrow::StructBuilder* builder_;
    int field_ = 0;
};

/// Builds the rows of a checkpoint. Each row has one action and null in the other columns.
class CheckpointRows {
  public:
    CheckpointRows() : schema_(checkpoint_schema()) {
        builder_ = value_of(arrow::RecordBatchBuilder::Make(schema_, arrow::default_memory_pool()), writing);
    }

    StructAppender action(int column) {
        for (int i = 0; i < schema_->num_fields(); ++i) {
            if (i != column) check(builder_->GetField(i)->AppendNull(), writing);
        }
        ++rows_;
        return StructAppender(builder_->GetField(column));
    }
    void txn(const Txn& txn) {
        action(0).text(txn.app_id).integer(txn.version).integer(base::to_ms(txn.last_updated));
    }
    void add(const AddFile& add) {
        action(1)
            .text(encode_path(add.path))
            .map(add.partition_values)
            .integer(add.size)
            .integer(base::to_ms(add.modification_time))
            .flag(false)
            .text(add.stats);
    }
    void remove(const RemoveFile& remove) {
        action(2)
            .text(encode_path(remove.path))
            .integer(base::to_ms(remove.deletion_timestamp))
            .flag(false)
            .flag(true)
            .map(remove.partition_values)
            .integer(remove.size);
    }
    void metadata(const Metadata& metadata) {
        StructAppender row = action(3);
        row.text(metadata.id).text(metadata.name);
        row.nested().text("parquet").map(std::map<std::string, std::string>());
        row.text(metadata.schema_json)
            .strings(metadata.partition_columns)
            .map(metadata.configuration)
            .integer(base::to_ms(metadata.created_time));
    }
    void protocol(const Protocol& protocol) {
        action(4).small(protocol.min_reader_version).small(protocol.min_writer_version);
    }

    [[nodiscard]] std::int64_t rows() const { return rows_; }
    std::shared_ptr<arrow::RecordBatch> finish() { return value_of(builder_->Flush(), writing); }

  private:
    std::shared_ptr<arrow::Schema> schema_;
    std::unique_ptr<arrow::RecordBatchBuilder> builder_;
    std::int64_t rows_ = 0;
};

constexpr const char* reading = "reading a Delta checkpoint";

/// Returns a string of any of Arrow's string types, because writers of checkpoints use different ones.
std::string text_at(const arrow::Array& values, std::int64_t row) {
    switch (values.type_id()) {
        case arrow::Type::STRING:
            return dynamic_cast<const arrow::StringArray&>(values).GetString(row);
        case arrow::Type::LARGE_STRING:
            return dynamic_cast<const arrow::LargeStringArray&>(values).GetString(row);
        case arrow::Type::STRING_VIEW:
            return dynamic_cast<const arrow::StringViewArray&>(values).GetString(row);
        default:
            throw Error(reading, fmt::format("a string has the type {}", values.type()->ToString()));
    }
}

/// A struct column of a checkpoint, read field by field. A field that the writer left out reads as empty.
class StructColumn {
  public:
    explicit StructColumn(std::shared_ptr<arrow::StructArray> rows) : rows_(std::move(rows)) {
        for (int i = 0; i < rows_->num_fields(); ++i) {
            auto field = rows_->field(i);
            const bool narrow = field->type_id() == arrow::Type::INT32;
            if (narrow) field = widened(dynamic_cast<const arrow::Int32Array&>(*field));
            fields_.emplace(rows_->struct_type()->field(i)->name(), std::move(field));
        }
    }

    [[nodiscard]] std::int64_t size() const { return rows_->length(); }
    [[nodiscard]] bool has(std::int64_t row) const { return rows_->IsValid(row); }
    [[nodiscard]] std::string text(std::string_view name, std::int64_t row) const {
        const auto* values = field<arrow::Array>(name, row);
        return values == nullptr ? std::string() : text_at(*values, row);
    }
    [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t row) const {
        const auto* values = field<arrow::Int64Array>(name, row);
        return values == nullptr ? 0 : values->Value(row);
    }
    [[nodiscard]] bool is_null(std::string_view name, std::int64_t row) const {
        const auto found = fields_.find(name);
        return found == fields_.end() || found->second->IsNull(row);
    }
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> map(std::string_view name,
                                                                       std::int64_t row) const {
        std::vector<std::pair<std::string, std::string>> entries;
        const auto* maps = field<arrow::MapArray>(name, row);
        if (maps == nullptr) return entries;
        const auto& items = *maps->items();
        for (std::int64_t i = maps->value_offset(row); i < maps->value_offset(row + 1); ++i) {
            entries.emplace_back(text_at(*maps->keys(), i),
                                 items.IsValid(i) ? text_at(items, i) : std::string());
        }
        return entries;
    }
    [[nodiscard]] std::vector<std::string> strings(std::string_view name, std::int64_t row) const {
        std::vector<std::string> strings;
        const auto* lists = field<arrow::ListArray>(name, row);
        if (lists == nullptr) return strings;
        for (std::int64_t i = lists->value_offset(row); i < lists->value_offset(row + 1); ++i) {
            strings.push_back(text_at(*lists->values(), i));
        }
        return strings;
    }

  private:
    static std::shared_ptr<arrow::Array> widened(const arrow::Int32Array& values) {
        arrow::Int64Builder builder;
        for (std::int64_t i = 0; i < values.length(); ++i) {
            check(values.IsValid(i) ? builder.Append(values.Value(i)) : builder.AppendNull(), reading);
        }
        return value_of(builder.Finish(), reading);
    }
    template <typename ArrayType>
    static const ArrayType& as(const arrow::Array& array, std::string_view name) {
        const auto* typed = dynamic_cast<const ArrayType*>(&array);
        if (typed == nullptr)
            throw Error(reading, fmt::format("the field {} has the type {}", name, array.type()->ToString()));
        return *typed;
    }
    /// Returns the field's values, or nullptr if the field is null in that row or missing.
    template <typename ArrayType>
    [[nodiscard]] const ArrayType* field(std::string_view name, std::int64_t row) const {
        if (is_null(name, row)) return nullptr;
        return &as<ArrayType>(*fields_.find(name)->second, name);
    }

    std::shared_ptr<arrow::StructArray> rows_;
    std::map<std::string, std::shared_ptr<arrow::Array>, std::less<>> fields_;
};

void read_add(const StructColumn& column, std::int64_t row, const fs::path& path, Snapshot& snapshot) {
    if (!column.is_null("deletionVector", row)) {
        throw Error(fmt::format("reading {}", path.string()),
                    "the table uses the feature deletionVectors, which is not supported");
    }
    AddFile add;
    add.path = table_path(column.text("path", row), path.string());
    add.partition_values = column.map("partitionValues", row);
    add.size = column.integer("size", row);
    add.modification_time = base::from_ms(column.integer("modificationTime", row));
    add.stats = column.text("stats", row);
    snapshot.files[add.path] = std::move(add);
}

RemoveFile read_remove(const StructColumn& column, std::int64_t row, const fs::path& path) {
    RemoveFile remove;
    remove.path = table_path(column.text("path", row), path.string());
    remove.deletion_timestamp = base::from_ms(column.integer("deletionTimestamp", row));
    for (auto& [key, value] : column.map("partitionValues", row))
        remove.partition_values.emplace_back(key, value);
    remove.size = column.integer("size", row);
    return remove;
}

void read_metadata(const StructColumn& column, std::int64_t row, Snapshot& snapshot) {
    Metadata& metadata = snapshot.metadata;
    metadata.id = column.text("id", row);
    metadata.name = column.text("name", row);
    metadata.schema_json = column.text("schemaString", row);
    metadata.partition_columns = column.strings("partitionColumns", row);
    metadata.created_time = base::from_ms(column.integer("createdTime", row));
    for (auto& [key, value] : column.map("configuration", row)) metadata.configuration[key] = value;
}

void read_protocol(const StructColumn& column, std::int64_t row, Snapshot& snapshot) {
    snapshot.protocol.min_reader_version = static_cast<int>(column.integer("minReaderVersion", row));
    snapshot.protocol.min_writer_version = static_cast<int>(column.integer("minWriterVersion", row));
    snapshot.protocol.reader_features = column.strings("readerFeatures", row);
    snapshot.protocol.writer_features = column.strings("writerFeatures", row);
}

void read_rows(const arrow::Table& table, const std::string& name, auto&& read_row) {
    const auto chunks = table.GetColumnByName(name);
    if (!chunks) return;
    for (const auto& chunk : chunks->chunks()) {
        auto rows = std::dynamic_pointer_cast<arrow::StructArray>(chunk);
        if (!rows)
            throw Error("reading a Delta checkpoint", fmt::format("the column {} is not a struct", name));
        const StructColumn column(std::move(rows));
        for (std::int64_t row = 0; row < column.size(); ++row) {
            if (column.has(row)) read_row(column, row);
        }
    }
}

/// Reads the column `remove` of one file or, without `removes`, all other columns.
std::shared_ptr<arrow::Table> read_columns(const fs::path& path, bool removes) {
    const std::string doing = fmt::format("reading {}", path.string());
    const auto file = value_of(arrow::io::ReadableFile::Open(path.string()), doing);
    const auto reader = value_of(parquet::arrow::OpenFile(file, arrow::default_memory_pool()), doing);
    const auto& schema = *reader->parquet_reader()->metadata()->schema();
    std::vector<int> columns;
    for (int i = 0; i < schema.num_columns(); ++i) {
        if ((schema.GetColumnRoot(i)->name() == "remove") == removes) columns.push_back(i);
    }
    return value_of(reader->ReadTable(columns), doing);
}

void read_part(const fs::path& path, Snapshot& snapshot) {
    const auto table = read_columns(path, false);
    read_rows(*table, "protocol", [&](const auto& c, auto row) { read_protocol(c, row, snapshot); });
    read_rows(*table, "metaData", [&](const auto& c, auto row) { read_metadata(c, row, snapshot); });
    read_rows(*table, "add", [&](const auto& c, auto row) { read_add(c, row, path, snapshot); });
    read_rows(*table, "txn", [&](const auto& c, auto row) {
        const std::string app_id = c.text("appId", row);
        snapshot.txns[app_id] = {app_id, c.integer("version", row),
                                 base::from_ms(c.integer("lastUpdated", row))};
    });
}

}  // namespace

void Snapshot::apply(const Commit& commit) {
    if (commit.protocol) protocol = *commit.protocol;
    if (commit.metadata) metadata = *commit.metadata;
    for (const RemoveFile& remove : commit.removes) {
        files.erase(remove.path);
        tombstones[remove.path] = remove;
    }
    for (const AddFile& add : commit.adds) {
        tombstones.erase(add.path);
        files[add.path] = add;
    }
    for (const Txn& txn : commit.txns) txns[txn.app_id] = txn;
    ++version;
}

std::int64_t Snapshot::txn(const std::string& app_id, std::int64_t otherwise) const {
    const auto found = txns.find(app_id);
    return found == txns.end() ? otherwise : found->second.version;
}

std::int64_t write_checkpoint(const fs::path& path, const Snapshot& snapshot, const CheckpointParts& before,
                              base::WallTime tombstones_from) {
    CheckpointRows rows;
    rows.protocol(snapshot.protocol);
    rows.metadata(snapshot.metadata);
    for (const auto& [id, txn] : snapshot.txns) rows.txn(txn);
    for (const auto& [name, add] : snapshot.files) rows.add(add);
    for (const auto& [name, remove] : snapshot.tombstones) {
        if (remove.deletion_timestamp >= tombstones_from) rows.remove(remove);
    }
    read_tombstones(before, [&](RemoveFile&& remove) {
        if (remove.deletion_timestamp < tombstones_from) return;
        if (!snapshot.files.contains(remove.path) && !snapshot.tombstones.contains(remove.path))
            rows.remove(remove);
    });
    const auto count = rows.rows();
    const auto batch = rows.finish();
    const auto table = value_of(arrow::Table::FromRecordBatches({batch}), writing);

    const fs::path temporary = base::temporary_beside(path);
    const std::string doing = fmt::format("writing {}", path.string());
    const auto file = value_of(arrow::io::FileOutputStream::Open(temporary.string()), doing);
    const auto properties =
        parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
    check(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 1 << 20, properties), doing);
    if (::fdatasync(file->file_descriptor()) != 0) throw system_error(doing, errno);
    check(file->Close(), doing);
    base::fail_point("delta.checkpoint.written");
    fs::rename(temporary, path);
    base::sync_directory(path.parent_path());
    base::fail_point("delta.checkpoint.renamed");
    return count;
}

void read_tombstones(const CheckpointParts& parts, const std::function<void(RemoveFile&&)>& visit) {
    for (const fs::path& part : parts) {
        const auto table = read_columns(part, true);
        read_rows(*table, "remove",
                  [&](const auto& column, auto row) { visit(read_remove(column, row, part)); });
    }
}

Snapshot read_checkpoint(const CheckpointParts& parts, Version version) {
    Snapshot snapshot;
    for (const fs::path& part : parts) read_part(part, snapshot);
    snapshot.version = version;
    return snapshot;
}

}  // namespace millrace::storage
