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
#include "serve/sql_view.h"

namespace millrace::pipeline {

/// What Gold shows of itself between two of its steps.
struct GoldLook {
    gold::Output open;  ///< rows of the open windows
    /// With the rows of the closed ones, if they were asked for: together they are all, each once. Paths
    /// start at the table's folder.
    std::map<gold::Table, std::vector<serve::SqlView::File>> files;
    gold::Timestamp watermark = gold::no_watermark;
    std::int64_t silver_version = -1;
    std::int64_t late = 0;
};

/// Lets others look at Gold's open windows while it runs: they ask, and Gold's thread answers when it is
/// between two steps. Thread-safe.
class OpenRows {
  public:
    struct Request {
        gold::TableSet tables;
        bool files = false;  ///< are to be told, too

        friend bool operator==(const Request&, const Request&) = default;
    };

    /// Asks, and waits at most that long for the answer. Nothing, at once, where Gold doesn't run.
    [[nodiscard]] std::optional<GoldLook> ask(const Request& request, std::chrono::milliseconds limit);
    /// Gold's side: whether it answers from now on; what is asked for, and the answer to it.
    void attend(bool answers);
    [[nodiscard]] std::optional<Request> wanted() const;
    void give(const Request& request, GoldLook look);

  private:
    mutable std::mutex mutex_;
    std::condition_variable given_;
    std::mutex asking_;              // one asks at a time
    std::optional<Request> wanted_;  // guarded by mutex_
    std::optional<GoldLook> look_;   // guarded by mutex_
    std::atomic<bool> any_ = false;  // wanted_ has a value
    bool attended_ = false;          // guarded by mutex_
};

}  // namespace millrace::pipeline
