#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/delta_action.h"

namespace parquet::arrow {
class FileReader;
class FileWriter;
}  // namespace parquet::arrow
namespace arrow::io {
class FileOutputStream;
}

namespace millrace::storage {

enum class ParquetCompression { snappy, zstd };

/// The layout of a table's columns in Parquet. Nested columns come last.
struct ParquetLayout {
    std::shared_ptr<arrow::Schema> schema;  ///< the file's columns, without partition columns
    /// Columns that get no dictionary: strings that are mostly distinct, and numbers that are nearly always
    /// the same in a file, which take almost no space once they are compressed.
    std::vector<std::string> plain;
    /// Columns of steadily rising integers, encoded as DELTA_BINARY_PACKED.
    std::vector<std::string> delta_encoded;
    std::vector<std::string> without_stats;  ///< columns that readers do not use to skip files
    ParquetCompression compression = ParquetCompression::snappy;
};

struct WrittenFile {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::string stats;  ///< Delta's stats JSON: numRecords, minValues, maxValues, nullCount
};

/// Sets the size, stats and modification time of the log's entry for a written file.
void describe(AddFile& add, const WrittenFile& written);

/// Writes one Parquet file. A string column may be given as a dictionary array, but then in every write. The
/// layout must outlive the writer. Not thread-safe.
class ParquetWriter {
  public:
    ParquetWriter(const std::filesystem::path& path, const ParquetLayout& layout);
    ~ParquetWriter();

    /// Adds rows to the current row group. Its encoded pages are kept in memory until it has a million rows.
    void append(const arrow::RecordBatch& rows);
    /// Writes the rows as a separate row group (or several, of up to a million rows each), column by column.
    void write(const arrow::RecordBatch& rows);
    /// Ends the file and syncs it. The caller must sync the directory.
    WrittenFile finish();
    /// Ends a file that is not needed after a crash, without syncing it.
    void finish_unsynced();

  private:
    void open_writer(const arrow::Schema& schema);
    void end_rows();
    void run(const std::function<arrow::Status(parquet::arrow::FileWriter&)>& step);

    std::string doing_;
    const ParquetLayout& layout_;
    std::shared_ptr<arrow::io::FileOutputStream> file_;
    std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

/// Reads columns of a table's Parquet file batch by batch in row order. The columns have the types
/// (typed_column.h) and the order of the table, whichever engine wrote the file. Not thread-safe.
class ParquetReader {
  public:
    /// How strings are returned: as plain strings, or with a dictionary (of int32 and utf8) for each batch,
    /// which is faster if values repeat.
    enum class Strings { plain, dictionary };

    /// Reads the named columns, or all if `columns` is empty. `table` has the table's columns. Columns that
    /// the file lacks, because they were added to the table later, are left out. Throws an Error that names
    /// the file and the column if a column has values of another kind.
    ParquetReader(const std::filesystem::path& path, const arrow::Schema& table,
                  const std::vector<std::string>& columns, Strings strings = Strings::plain);
    ~ParquetReader();

    /// Whether the file has a column, of those that are read.
    [[nodiscard]] bool has(std::string_view column) const;
    /// Returns the next rows, or null at the end of the file.
    std::shared_ptr<arrow::RecordBatch> next();

  private:
    void plan(const std::filesystem::path& path, const arrow::Schema& table,
              const std::vector<std::string>& columns, Strings strings);

    std::string doing_;
    std::unique_ptr<parquet::arrow::FileReader> file_;
    std::unique_ptr<arrow::RecordBatchReader> batches_;
    std::shared_ptr<arrow::Schema> schema_;  // the schema of the rows that next() returns
};

/// Reads the named columns of a table's Parquet file, or all if `columns` is empty, batch by batch in row
/// order.
void scan_parquet(const std::filesystem::path& path, const arrow::Schema& table,
                  const std::vector<std::string>& columns,
                  const std::function<void(const arrow::RecordBatch&)>& visit);

}  // namespace millrace::storage
