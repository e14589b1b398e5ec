#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "bronze/record_bytes.h"
#include "catalog/partition_progress.h"
#include "storage/parquet_file.h"

/// The archive: a log's raw records as a Delta table, docs/formats/archive-table.md.
namespace millrace::archive {

/// topic, log_epoch, partition, offset, timestamp, key, value, headers.
std::shared_ptr<arrow::Schema> archive_schema();
const storage::ParquetLayout& archive_layout();

/// Records of one partition as rows of the archive.
std::shared_ptr<arrow::RecordBatch> archive_rows(const catalog::LogIdentity& log, int partition,
                                                 const std::vector<bronze::Record>& records);

/// Rows of the archive as records again. The views live until the next call.
class ArchivedRecords {
  public:
    /// Those of the rows that are of `log` and lie in [from, to).
    std::vector<bronze::Record> take(const arrow::RecordBatch& rows, const catalog::LogIdentity& log,
                                     bronze::Offset from, bronze::Offset to);

  private:
    bronze::RecordBytes bytes_;
    std::vector<std::string> headers_;
};

}  // namespace millrace::archive
