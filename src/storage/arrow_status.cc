#include "storage/arrow_status.h"

#include <arrow/util/io_util.h>

namespace millrace::storage {

void throw_status(const arrow::Status& status, std::string_view doing) {
    if (const int error_number = arrow::internal::ErrnoFromStatus(status); error_number != 0) {
        throw system_error(doing, error_number);
    }
    constexpr const char* more_memory = "Provide more memory, or lower --dedupe-memory and --batch-rows.";
    throw Error(doing, status.message(), status.IsOutOfMemory() ? more_memory : "");
}

}  // namespace millrace::storage
