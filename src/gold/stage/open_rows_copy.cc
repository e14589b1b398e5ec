#include "gold/stage/open_rows_copy.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "model/timestamp.h"
#include "storage/arrow_status.h"

namespace millrace::gold {

namespace {

/// A copy that takes longer is stuck.
constexpr auto longest_copy = std::chrono::minutes(1);
constexpr const char* writing_rows = "writing the rows of open windows";
constexpr const char* reading_rows = "reading the rows of open windows";

/// Writes rows as a stream whose schema names the table and the day.
void write_stream(arrow::io::OutputStream& to, Table table, std::int64_t day,
                  const arrow::RecordBatch& rows) {
    const auto named = rows.ReplaceSchemaMetadata(arrow::key_value_metadata(
        {{"table", std::string(table_name(table))}, {"day", model::format_day(day)}}));
    const auto writer = storage::value_of(arrow::ipc::MakeStreamWriter(&to, named->schema()), writing_rows);
    storage::check(writer->WriteRecordBatch(*named), writing_rows);
    storage::check(writer->Close(), writing_rows);
}

void write_rows(const Gold& gold, const TableSet& tables, int file) {
    Output output;
    gold.peek(output, tables);
    const auto to = storage::value_of(arrow::io::FileOutputStream::Open(file), writing_rows);
    for (const Table table : tables) {
        for (const auto& [day, rows] : output[table].take()) write_stream(*to, table, day, *rows);
    }
    storage::check(to->Close(), writing_rows);
}

void read_stream(arrow::io::InputStream& from, Output& into) {
    const auto reader = storage::value_of(arrow::ipc::RecordBatchStreamReader::Open(&from), reading_rows);
    const auto& names = *reader->schema()->metadata();
    const std::string table = storage::value_of(names.Get("table"), reading_rows);
    const auto day = model::parse_day(storage::value_of(names.Get("day"), reading_rows));
    std::shared_ptr<arrow::RecordBatch> rows;
    storage::check(reader->ReadNext(&rows), reading_rows);
    into[*std::ranges::find(all_tables, table, table_name)].put(day.value(),
                                                                rows->ReplaceSchemaMetadata(nullptr));
    storage::check(reader->ReadNext(&rows), reading_rows);  // the end of the stream
}

}  // namespace

std::unique_ptr<OpenRowsCopy> OpenRowsCopy::start(const Gold& gold, const TableSet& tables) {
    auto rows = base::File::in_memory("open rows");
    auto writer = base::ProcessCopy::start(rows.fd(), [&](int file) { write_rows(gold, tables, file); });
    if (!writer) return nullptr;
    return std::unique_ptr<OpenRowsCopy>(new OpenRowsCopy(std::move(rows), std::move(writer)));
}

bool OpenRowsCopy::read(Output& into) {
    if (!writer_->wait_for(longest_copy)) return false;
    const std::int64_t size = rows_.size();
    if (size == 0) return true;
    const auto from =
        storage::value_of(arrow::io::MemoryMappedFile::Open(fmt::format("/proc/self/fd/{}", rows_.fd()),
                                                            arrow::io::FileMode::READ),
                          reading_rows);
    while (storage::value_of(from->Tell(), reading_rows) < size) read_stream(*from, into);
    return true;
}

}  // namespace millrace::gold
