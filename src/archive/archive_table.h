#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "bronze/record_bytes.h"
#include "catalog/partition_progress.h"
#include "storage/parquet_file.h"

/// The archive holds a log's raw records as a Delta table (docs/formats/archive-table.md).
namespace millrace::archive {

/// The columns topic, log_epoch, partition, offset, timestamp, key, value and headers.
std::shared_ptr<arrow::Schema> archive_schema();
const storage::ParquetLayout& archive_layout();

/// Records of one partition as rows of the archive.
std::shared_ptr<arrow::RecordBatch> archive_rows(const catalog::LogIdentity& log, int partition,
                                                 const std::vector<bronze::Record>& records);

/// Turns rows of the archive into records again. The records point into the object, and live until the next
/// call.
class ArchivedRecords {
  public:
    /// The rows of `log` whose offsets lie in [from, to).
    std::vector<bronze::Record> take(const arrow::RecordBatch& rows, const catalog::LogIdentity& log,
                                     bronze::Offset from, bronze::Offset to);

  private:
    bronze::RecordBytes bytes_;
    std::vector<std::string> headers_;
};

}  // namespace millrace::archive
