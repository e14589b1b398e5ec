#pragma once

#include <filesystem>

#include "backup/file_copier.h"

namespace millrace::backup {

/// Copies the embedded log, to which other processes may append: all topics, with the records that were
/// published when it began, and some more. Records that are being written at the end of a partition are cut
/// by the first process that opens the copy. The copier's directories are those of the log.
void copy_log(FileCopier& copier);

}  // namespace millrace::backup
