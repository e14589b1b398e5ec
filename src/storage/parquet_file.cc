#include "storage/parquet_file.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/io_util.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/statistics.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/json.h"
#include "storage/arrow_memory.h"
#include "storage/arrow_status.h"
#include "storage/column.h"
#include "storage/typed_column.h"

namespace millrace::storage {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::int64_t rows_per_group = 1 << 20;
constexpr std::size_t max_stat_length = 64;
// The key of the file's path in the schema metadata of read rows.
constexpr const char* file_note = "millrace.file";

std::shared_ptr<parquet::WriterProperties> writer_properties(const ParquetLayout& layout) {
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(throwing_memory_pool())
        ->compression(layout.compression == ParquetCompression::zstd ? parquet::Compression::ZSTD
                                                                     : parquet::Compression::SNAPPY)
        ->created_by("Millrace")
        ->max_row_group_length(rows_per_group);
    for (const auto& column : layout.plain) builder.disable_dictionary(column);
    for (const auto& column : layout.delta_encoded) {
        builder.disable_dictionary(column)->encoding(column, parquet::Encoding::DELTA_BINARY_PACKED);
    }
    for (const auto& column : layout.without_stats) builder.disable_statistics(column);
    return builder.build();
}

/// Formats a timestamp in the ISO form of Delta's stats, with the milliseconds rounded down (min) or up
/// (max).
std::string stats_time(std::int64_t us, bool up) {
    const std::int64_t ms =
        up ? (us >= 0 ? (us + 999) / 1000 : us / 1000) : (us >= 0 ? us / 1000 : (us - 999) / 1000);
    const auto time = std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms));
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto rest = (time - day).count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3600000,
                       rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
}

/// Collects the statistics of one column over all row groups as JSON values.
struct ColumnStats {
    json::value min;
    json::value max;
    std::int64_t nulls = 0;  // -1 if it is unknown
    bool known = true;

    template <typename Value>
    struct Range {
        Value low;
        Value high;
    };
    template <typename Value>
    void include(const Range<Value>& range) {
        if (min.is_null() || value_to_compare<Value>(min) > range.low) min = json::value_from(range.low);
        if (max.is_null() || value_to_compare<Value>(max) < range.high) max = json::value_from(range.high);
    }
    template <typename Value>
    static Value value_to_compare(const json::value& value) {
        return json::value_to<Value>(value);
    }
};

void include_typed(ColumnStats& column, const parquet::Statistics& statistics, const arrow::DataType& type) {
    switch (statistics.physical_type()) {
        case parquet::Type::INT32: {
            const auto& typed = dynamic_cast<const parquet::Int32Statistics&>(statistics);
            column.include<std::int64_t>({typed.min(), typed.max()});
            break;
        }
        case parquet::Type::INT64: {
            const auto& typed = dynamic_cast<const parquet::Int64Statistics&>(statistics);
            if (type.id() == arrow::Type::TIMESTAMP) {
                column.include<std::string>({stats_time(typed.min(), false), stats_time(typed.max(), true)});
            } else {
                column.include<std::int64_t>({typed.min(), typed.max()});
            }
            break;
        }
        case parquet::Type::DOUBLE: {
            const auto& typed = dynamic_cast<const parquet::DoubleStatistics&>(statistics);
            column.include<double>({typed.min(), typed.max()});
            break;
        }
        case parquet::Type::BYTE_ARRAY: {
            const auto& typed = dynamic_cast<const parquet::ByteArrayStatistics&>(statistics);
            const std::string_view low(typed.min());
            const std::string_view high(typed.max());
            if (type.id() != arrow::Type::STRING || low.size() > max_stat_length ||
                high.size() > max_stat_length) {
                column.known = false;
            } else {
                column.include<std::string>({std::string(low), std::string(high)});
            }
            break;
        }
        default:
            column.known = false;
    }
}

ColumnStats column_stats(const parquet::FileMetaData& metadata, int index, const arrow::DataType& type) {
    ColumnStats column;
    for (int group = 0; group < metadata.num_row_groups(); ++group) {
        const auto statistics = metadata.RowGroup(group)->ColumnChunk(index)->statistics();
        if (!statistics || !statistics->HasNullCount()) {
            column.known = false;
            column.nulls = -1;
            break;
        }
        column.nulls += statistics->null_count();
        if (statistics->HasMinMax()) {
            include_typed(column, *statistics, type);
        } else if (statistics->num_values() > 0) {
            column.known = false;
        }
    }
    return column;
}

std::string stats_json(const parquet::FileMetaData& metadata, const arrow::Schema& schema) {
    json::object min;
    json::object max;
    json::object nulls;
    for (int i = 0; i < schema.num_fields(); ++i) {
        // The leaves of a nested column are columns of their own.
        if (schema.field(i)->type()->num_fields() > 0) break;
        const std::string& name = schema.field(i)->name();
        const ColumnStats column = column_stats(metadata, i, *schema.field(i)->type());
        if (column.nulls >= 0) nulls[name] = column.nulls;
        if (!column.known || column.min.is_null()) continue;
        min[name] = column.min;
        max[name] = column.max;
    }
    return json::serialize(json::object{{"numRecords", metadata.num_rows()},
                                        {"minValues", std::move(min)},
                                        {"maxValues", std::move(max)},
                                        {"nullCount", std::move(nulls)}});
}

/// Returns whether a column of the table is to be read: it is named, or no column is named.
bool is_wanted(const std::string& name, const arrow::Schema& table, const std::vector<std::string>& columns) {
    return table.GetFieldIndex(name) >= 0 &&
           (columns.empty() || std::ranges::find(columns, name) != columns.end());
}

/// Returns the indices of the file's columns to read. A nested column has several.
std::vector<int> column_indices(const parquet::FileMetaData& metadata, const arrow::Schema& table,
                                const std::vector<std::string>& columns) {
    std::vector<int> indices;
    for (int i = 0; i < metadata.num_columns(); ++i) {
        if (is_wanted(metadata.schema()->GetColumnRoot(i)->name(), table, columns)) indices.push_back(i);
    }
    return indices;
}

bool is_string(const parquet::FileMetaData& metadata, int index) {
    return metadata.schema()->Column(index)->logical_type()->is_string();
}

/// Returns how many rows to read at once. The limit is a number of bytes, so that large values do not add up.
std::int64_t rows_at_once(const parquet::FileMetaData& metadata) {
    constexpr std::int64_t max_rows = 64 << 10;
    constexpr std::int64_t bytes = 32 << 20;
    std::int64_t total = 0;
    for (int group = 0; group < metadata.num_row_groups(); ++group)
        total += metadata.RowGroup(group)->total_byte_size();
    return std::clamp<std::int64_t>(bytes * metadata.num_rows() / std::max<std::int64_t>(total, 1), 1,
                                    max_rows);
}

std::vector<int> all_of(int count) {
    std::vector<int> indices(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) indices[static_cast<std::size_t>(i)] = i;
    return indices;
}

}  // namespace

void describe(AddFile& add, const WrittenFile& written) {
    add.size = written.bytes;
    add.stats = written.stats;
    add.modification_time = base::wall_time();
}

ParquetWriter::ParquetWriter(const fs::path& path, const ParquetLayout& layout)
    : doing_(fmt::format("writing {}", path.string())), layout_(layout) {
    file_ = value_of(arrow::io::FileOutputStream::Open(path.string()), doing_);
}

ParquetWriter::~ParquetWriter() = default;

void ParquetWriter::open_writer(const arrow::Schema& schema) {
    writer_ = value_of(
        parquet::arrow::FileWriter::Open(schema, throwing_memory_pool(), file_, writer_properties(layout_)),
        doing_);
}

/// Runs a step of the writer. After a step that failed for another reason than the file system's, such as
/// memory, the writer is unusable. Its destructor would still close the file and might crash, so the writer
/// is leaked on purpose.
void ParquetWriter::run(const std::function<arrow::Status(parquet::arrow::FileWriter&)>& step) {
    parquet::arrow::FileWriter* const writer = writer_.release();
    arrow::Status status;
    try {
        status = step(*writer);
    } catch (const std::bad_alloc&) {
        status = arrow::Status::OutOfMemory("there is no more memory");
    }
    if (status.ok() || arrow::internal::ErrnoFromStatus(status) != 0) {
        writer_.reset(writer);
    } else {
        static_cast<void>(file_->Close());
    }
    check(status, doing_);
}

void ParquetWriter::write(const arrow::RecordBatch& rows) {
    // The first rows define the schema, because the writer takes dictionary columns only if the schema has
    // them.
    if (!writer_) open_writer(*rows.schema());
    const auto table = value_of(arrow::Table::FromRecordBatches({rows.Slice(0)}), doing_);
    run([&](auto& writer) { return writer.WriteTable(*table, rows_per_group); });
}

void ParquetWriter::append(const arrow::RecordBatch& rows) {
    if (!writer_) open_writer(*rows.schema());
    run([&](auto& writer) { return writer.WriteRecordBatch(rows); });
}

void ParquetWriter::end_rows() {
    if (!writer_) open_writer(*layout_.schema);
    run([](auto& writer) { return writer.Close(); });
    check(file_->Flush(), doing_);
}

void ParquetWriter::finish_unsynced() {
    end_rows();
    check(file_->Close(), doing_);
}

WrittenFile ParquetWriter::finish() {
    end_rows();
    WrittenFile written;
    written.bytes = value_of(file_->Tell(), doing_);
    base::fail_point("parquet.written");
    if (::fdatasync(file_->file_descriptor()) != 0) throw system_error(doing_, errno);
    check(file_->Close(), doing_);
    base::fail_point("parquet.synced");
    const auto metadata = writer_->metadata();
    std::shared_ptr<arrow::Schema> schema;
    check(parquet::arrow::FromParquetSchema(metadata->schema(), &schema), doing_);
    written.rows = metadata->num_rows();
    written.stats = stats_json(*metadata, *schema);
    return written;
}

ParquetReader::ParquetReader(const fs::path& path, const arrow::Schema& table,
                             const std::vector<std::string>& columns, Strings strings)
    : doing_(fmt::format("reading {}", path.string())) {
    const auto file = value_of(arrow::io::ReadableFile::Open(path.string()), doing_);
    parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(file, parquet::ReaderProperties(throwing_memory_pool())), doing_);
    builder.memory_pool(throwing_memory_pool());
    const auto metadata = builder.raw_reader()->metadata();
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(rows_at_once(*metadata));
    properties.set_pre_buffer(false);
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);  // Spark's old timestamps
    const auto indices = column_indices(*metadata, table, columns);
    for (const int index : indices)
        properties.set_read_dictionary(index, strings == Strings::dictionary && is_string(*metadata, index));
    file_ = value_of(builder.properties(properties)->Build(), doing_);
    batches_ = value_of(file_->GetRecordBatchReader(all_of(metadata->num_row_groups()), indices), doing_);
    plan(path, table, columns, strings);
}

ParquetReader::~ParquetReader() = default;

bool ParquetReader::has(std::string_view column) const {
    return batches_->schema()->GetFieldByName(column) != nullptr;
}

/// Chooses the type of each column that the file has, and notes the file for throw_no_column().
void ParquetReader::plan(const fs::path& path, const arrow::Schema& table,
                         const std::vector<std::string>& columns, Strings strings) {
    const auto encoded = arrow::dictionary(arrow::int32(), arrow::utf8());
    arrow::FieldVector fields;
    for (const auto& field : table.fields()) {
        if (!is_wanted(field->name(), table, columns)) continue;
        const auto stored = batches_->schema()->GetFieldByName(field->name());
        if (!stored) {
            // A column that the table got after the file was written is null in its rows.
            if (field->nullable()) fields.push_back(field);
            continue;
        }
        if (!is_same_kind(*stored->type(), *field->type())) {
            throw Error(doing_,
                        fmt::format("the column {} has the type {}, but the table's type is {}",
                                    field->name(), stored->type()->ToString(), field->type()->ToString()));
        }
        const bool stays_encoded = strings == Strings::dictionary && stored->type()->Equals(*encoded);
        fields.push_back(stays_encoded ? field->WithType(encoded) : field);
    }
    schema_ = arrow::schema(std::move(fields), arrow::key_value_metadata({{file_note, path.string()}}));
}

std::shared_ptr<arrow::RecordBatch> ParquetReader::next() {
    std::shared_ptr<arrow::RecordBatch> batch;
    check(batches_->ReadNext(&batch), doing_);
    if (!batch) return nullptr;
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) {
        const auto stored = batch->GetColumnByName(field->name());
        columns.push_back(stored
                              ? as_type(stored, field->type(), field->name(), doing_)
                              : value_of(arrow::MakeArrayOfNull(field->type(), batch->num_rows()), doing_));
    }
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
}

void throw_no_column(const arrow::RecordBatch& rows, std::string_view name) {
    const auto& notes = rows.schema()->metadata();
    const std::string file = notes ? notes->Get(file_note).ValueOr("rows") : "rows";
    throw Error(fmt::format("reading {}", file),
                fmt::format("there is no column {} with its table's type", name));
}

void scan_parquet(const fs::path& path, const arrow::Schema& table, const std::vector<std::string>& columns,
                  const std::function<void(const arrow::RecordBatch&)>& visit) {
    ParquetReader reader(path, table, columns);
    while (const auto batch = reader.next()) visit(*batch);
}

}  // namespace millrace::storage
