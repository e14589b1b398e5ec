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

/// How the columns of a table are laid out in Parquet. Nested columns come last.
struct ParquetLayout {
    std::shared_ptr<arrow::Schema> schema;   ///< of the file: without the partition columns
    std::vector<std::string> plain;          ///< columns of mostly distinct strings: no dictionary
    std::vector<std::string> delta_encoded;  ///< integers that rise steadily: DELTA_BINARY_PACKED
    std::vector<std::string> without_stats;  ///< columns that no reader skips files by
    ParquetCompression compression = ParquetCompression::snappy;
};

struct WrittenFile {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::string stats;  ///< Delta's stats JSON: numRecords, minValues, maxValues, nullCount
};

/// Puts a written file's size, stats and time into the log's entry for it.
void describe(AddFile& add, const WrittenFile& written);

/// Writes one Parquet file. A string column may be given as a dictionary array, the same in every
/// write. The layout must outlive the writer.
class ParquetWriter {
  public:
    ParquetWriter(const std::filesystem::path& path, const ParquetLayout& layout);
    ~ParquetWriter();

    /// Adds rows to the present row group, whose encoded pages are held until it has a million rows.
    void append(const arrow::RecordBatch& rows);
    /// Writes a row group of its own (or several, of up to a million rows), column after column.
    void write(const arrow::RecordBatch& rows);
    /// Ends the file and syncs it; its name in the directory is the caller's to sync.
    WrittenFile finish();
    /// Ends a file that nobody needs after a crash.
    void finish_unsynced();

  private:
    void open_writer(const arrow::Schema& schema);
    void end_rows();
    void run(const std::function<arrow::Status()>& step);

    std::string doing_;
    const ParquetLayout& layout_;
    std::shared_ptr<arrow::io::FileOutputStream> file_;
    std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

/// Reads columns of a table's Parquet file, batch by batch, in row order. Whichever engine wrote the file,
/// they have the types of the table (typed_column.h), and its order.
class ParquetReader {
  public:
    /// How strings are given: as they are, or each batch with a dictionary (of int32 and utf8), which is
    /// faster where values repeat.
    enum class Strings { plain, dictionary };

    /// `table` has the table's columns. With none of them named, all. Those that the file lacks are left out:
    /// it was written before they were added to its table. Throws an Error that names file and column when a
    /// column holds values of another kind.
    ParquetReader(const std::filesystem::path& path, const arrow::Schema& table,
                  const std::vector<std::string>& columns, Strings strings = Strings::plain);
    ~ParquetReader();

    /// The next rows, or nothing at the end.
    std::shared_ptr<arrow::RecordBatch> next();

  private:
    void plan(const std::filesystem::path& path, const arrow::Schema& table,
              const std::vector<std::string>& columns, Strings strings);

    std::string doing_;
    std::unique_ptr<parquet::arrow::FileReader> file_;
    std::unique_ptr<arrow::RecordBatchReader> batches_;
    std::shared_ptr<arrow::Schema> schema_;  // of what next() gives
};

/// Reads the named columns of a table's Parquet file, batch by batch, in row order. With no columns named,
/// all.
void scan_parquet(const std::filesystem::path& path, const arrow::Schema& table,
                  const std::vector<std::string>& columns,
                  const std::function<void(const arrow::RecordBatch&)>& visit);

}  // namespace millrace::storage
