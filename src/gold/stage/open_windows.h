#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gold/output.h"
#include "gold/window.h"
#include "serve/sql_view.h"

namespace millrace::gold {

/// Gold's open windows between two of its steps.
struct OpenWindowsSnapshot {
    Output open;  ///< the rows of the open windows
    /// The files of the closed windows, when the request asked for them. Files and open rows together hold
    /// each row once. Paths start at the table's folder.
    std::map<Table, std::vector<serve::SqlView::File>> files;
    Timestamp watermark = no_watermark;
    std::int64_t silver_version = -1;
    std::int64_t late = 0;
};

/// The one way to see Gold's open windows: readers request a snapshot, and Gold's thread replies between two
/// of its steps. Once Gold has ended, its state no longer changes, and the reader's own thread takes the
/// snapshot. Thread-safe.
class OpenWindowsChannel {
  public:
    struct Request {
        TableSet tables;
        bool files = false;  ///< whether the snapshot names the files of closed windows, too

        friend bool operator==(const Request&, const Request&) = default;
    };
    using TakeSnapshot = std::function<OpenWindowsSnapshot(const Request&)>;

    /// Requests a snapshot and waits for it, at most `limit`. Returns nothing, at once, where Gold doesn't
    /// run in this process.
    [[nodiscard]] std::optional<OpenWindowsSnapshot> request(const Request& request,
                                                             std::chrono::milliseconds limit);

    /// Gold's side: it replies to requests from now on.
    void open();
    /// Gold's state doesn't change any more: `take` is called for each request from now on.
    void freeze(TakeSnapshot take);
    /// Gold no longer replies, and nothing that open() or freeze() has named is used any more.
    void close();
    /// The request that waits for a reply, if there is one.
    [[nodiscard]] std::optional<Request> pending() const;
    void reply(const Request& request, OpenWindowsSnapshot snapshot);

  private:
    enum class State { closed, open, frozen };

    std::mutex requesting_;  // one reader at a time
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::closed;                  // guarded by mutex_
    TakeSnapshot take_;                            // guarded by mutex_; set while frozen
    std::optional<Request> pending_;               // guarded by mutex_
    std::optional<OpenWindowsSnapshot> snapshot_;  // guarded by mutex_
    std::atomic<bool> has_pending_ = false;        // whether pending_ has a value
};

}  // namespace millrace::gold
