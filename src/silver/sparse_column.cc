#include "silver/sparse_column.h"

#include <arrow/util/bit_util.h>

#include "storage/arrow_status.h"

namespace millrace::silver {

std::shared_ptr<arrow::Buffer> validity_bitmap(const std::vector<NullRun>& nulls, std::size_t rows) {
    if (nulls.empty()) return nullptr;
    auto bitmap =
        storage::value_of(arrow::AllocateBitmap(static_cast<std::int64_t>(rows)), "building a column");
    arrow::bit_util::SetBitsTo(bitmap->mutable_data(), 0, static_cast<std::int64_t>(rows), true);
    for (const NullRun& run : nulls) {
        if (run.count == 1) {
            arrow::bit_util::ClearBit(bitmap->mutable_data(), static_cast<std::int64_t>(run.first));
        } else {
            arrow::bit_util::SetBitsTo(bitmap->mutable_data(), static_cast<std::int64_t>(run.first),
                                       static_cast<std::int64_t>(run.count), false);
        }
    }
    return bitmap;
}

}  // namespace millrace::silver
