#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/record.h"

namespace millrace::python {

/// Where records lie that do not say it themselves.
struct DefaultPlace {
    std::int32_t partition = 0;
    std::int64_t offset = 0;  ///< the offset of the first record; those of the next ones follow it
};

/// A record of a log's partition.
struct InputRecord {
    std::int32_t partition = 0;
    bronze::Record record;
};

/// Records that a program in Python gives, as those of a log. Their values are not copied, except for the
/// last ones of a column, after which a parser must not read.
class InputRecords {
  public:
    /// Takes records of nothing but values. These are copied.
    InputRecords(const std::vector<std::string_view>& values, const DefaultPlace& place);
    /// Takes the columns of Kafka's records as Spark names them: `value` (strings or bytes) and, where there
    /// are such columns, `key`, `partition`, `offset`, `timestamp` and `headers` (a list of key and value).
    /// Others are ignored. A record without a timestamp is of now. Throws an Error that names a column of
    /// another type.
    InputRecords(const arrow::RecordBatch& rows, const DefaultPlace& place);
    InputRecords(const InputRecords&) = delete;
    InputRecords& operator=(const InputRecords&) = delete;

    /// Valid as long as this object.
    [[nodiscard]] const std::vector<InputRecord>& records() const { return records_; }

  private:
    void read_values(const arrow::RecordBatch& rows);
    void read_places(const arrow::RecordBatch& rows, const DefaultPlace& place);
    void read_headers(const arrow::RecordBatch& rows);
    [[nodiscard]] std::string_view padded(std::string_view value);

    std::vector<InputRecord> records_;
    std::vector<std::shared_ptr<arrow::Array>> columns_;  // the columns that the records point into
    std::vector<std::unique_ptr<std::string>> copies_;    // with padding
};

}  // namespace millrace::python
