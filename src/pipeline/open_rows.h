#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gold/output.h"
#include "gold/window.h"

namespace millrace::pipeline {

/// What Gold shows of itself between two of its steps: the open windows, and the files that have the closed
/// ones, so that together they are all rows, each once.
struct GoldLook {
    gold::Output open;
    std::map<gold::Table, std::vector<std::string>> files;  ///< from the table's folder
    gold::Timestamp watermark = gold::no_watermark;
    std::int64_t silver_version = -1;
    std::int64_t late = 0;
};

/// Lets others look at Gold's open windows while it runs: they ask, and Gold's thread answers when it is
/// between two steps. Thread-safe.
class OpenRows {
  public:
    /// The key figures and products of high interest alone, which are a few rows; or all that is open, and
    /// the files.
    enum class Extent { figures, all };

    /// Asks, and waits at most that long for the answer. Nothing, at once, where Gold doesn't run.
    [[nodiscard]] std::optional<GoldLook> ask(Extent extent, std::chrono::milliseconds limit);
    /// Gold's side: whether it answers from now on; what is asked for, and the answer to it.
    void attend(bool answers);
    [[nodiscard]] std::optional<Extent> wanted() const;
    void give(Extent extent, GoldLook look);

  private:
    mutable std::mutex mutex_;
    std::condition_variable given_;
    std::mutex asking_;              // one asks at a time
    std::optional<Extent> wanted_;   // guarded by mutex_
    std::optional<GoldLook> look_;   // guarded by mutex_
    std::atomic<bool> any_ = false;  // wanted_ has a value
    bool attended_ = false;          // guarded by mutex_
};

}  // namespace millrace::pipeline
