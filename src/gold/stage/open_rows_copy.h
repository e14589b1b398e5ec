#pragma once

#include <memory>

#include "base/file.h"
#include "base/process_copy.h"
#include "gold/output.h"
#include "gold/stage/gold.h"

namespace millrace::gold {

/// The rows of many open windows, which a copy of the process writes while Gold goes on. They are those of
/// the moment at which the copy was made. Not thread-safe.
class OpenRowsCopy {
  public:
    /// Starts to write the rows of these tables. Returns nothing when the system allows no copy of the
    /// process at present.
    static std::unique_ptr<OpenRowsCopy> start(const Gold& gold, const TableSet& tables);

    /// Waits for the rows and adds them to `into`. False when the copy has ended early, because Gold's thread
    /// has ended or memory was short, or when it takes more than a minute. To be called once.
    [[nodiscard]] bool read(Output& into);

  private:
    OpenRowsCopy(base::File rows, std::unique_ptr<base::ProcessCopy> writer)
        : rows_(std::move(rows)), writer_(std::move(writer)) {}

    base::File rows_;  // in memory only: an Arrow stream for each table and day, one after the other
    std::unique_ptr<base::ProcessCopy> writer_;
};

}  // namespace millrace::gold
