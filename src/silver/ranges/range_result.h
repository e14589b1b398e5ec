#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/record.h"
#include "silver/id_set.h"
#include "silver/stage/batch_files.h"
#include "silver/stage/lane.h"

namespace millrace::silver {

/// A range of offsets of one partition, which one task processes.
struct RecordRange {
    int partition = 0;
    int epoch = 0;                ///< the epoch that the table gives to the log
    bronze::Offset committed{0};  ///< the table's next offset, or the end of the range before
    bronze::Offset start{0};      ///< the first offset to read; past `committed` if the log has lost records
    bronze::Offset end{0};

    friend bool operator==(const RecordRange&, const RecordRange&) = default;
};

/// The ids of the rows of one data file, in their order, which the committer looks for in the table.
struct FileIds {
    std::vector<IdHash> hashes;
    std::vector<std::int64_t> times;  ///< the time of each row's event, µs
};

/// What a task has made of a range. Its files are written, and no commit names them.
struct RangeResult {
    RecordRange range;
    /// The counts of this range only, and its clock; `copies_in_table` is 0.
    PartitionPart part;
    WrittenFiles files;
    std::vector<FileIds> ids;  ///< one for each of files.silver
    std::map<std::string, std::int64_t> by_rule;
    std::map<std::string, std::int64_t> ignored;
    std::int64_t unknown_fields = 0;

    /// The result as bytes, for a process of the same program, on another machine perhaps.
    [[nodiscard]] std::string to_bytes() const;
    /// Throws an Error if the bytes are not those of a result.
    [[nodiscard]] static RangeResult from_bytes(std::string_view bytes);
};

}  // namespace millrace::silver
