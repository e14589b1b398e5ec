#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "gold/output.h"
#include "gold/stage/open_rows_copy.h"
#include "gold/state/window.h"
#include "serve/sql_view.h"
#include "storage/version.h"

namespace millrace::gold {

/// The open windows at one moment, between two steps of Gold.
struct OpenWindowsSnapshot {
    Output open;  ///< the rows of the open windows
    /// Where there are many, a copy of the process writes them; OpenWindowsChannel::request() adds them to
    /// `open`.
    std::unique_ptr<OpenRowsCopy> copied;
    /// The files of the closed windows, when the request asked for them. Files and open rows together hold
    /// each row once. Paths start at the table's folder.
    std::map<Table, std::vector<serve::SqlView::File>> files;
    std::vector<model::Alert> firing;  ///< the alerts that are firing, with their present values and texts
    Timestamp watermark = no_watermark;
    /// The last version of Silver that Gold has taken in.
    storage::Version silver_version = storage::no_version;
    std::int64_t late = 0;  ///< additions to windows that were closed, since Gold was built
    std::chrono::steady_clock::duration took{};  ///< how long the snapshot held Gold up
};

/// Gives readers access to Gold's open windows. A reader requests a snapshot, and Gold's thread replies
/// between two of its steps. After Gold has ended, its state no longer changes, and the reader's own thread
/// takes the snapshot. Thread-safe.
class OpenWindowsChannel {
  public:
    struct Request {
        TableSet tables;
        bool files = false;      ///< whether the snapshot also has the files of closed windows
        bool committed = false;  ///< whether rows that Silver has not committed yet are left out

        friend bool operator==(const Request&, const Request&) = default;
    };
    using TakeSnapshot = std::function<OpenWindowsSnapshot(const Request&)>;

    /// Requests a snapshot and waits for it, for `limit` at most, and then for its rows where a copy of the
    /// process writes them. Returns nothing after that time, and returns nothing at once where Gold does not
    /// run in this process.
    [[nodiscard]] std::optional<OpenWindowsSnapshot> request(const Request& request,
                                                             std::chrono::milliseconds limit);

    /// The number of changes of the open windows so far, as far as Gold has told.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

    /// Tells readers that the open windows have changed.
    void note_change() { ++changes_; }
    /// Starts to accept requests, to which Gold's thread replies.
    void open();
    /// Calls `take` for each request from now on, in the reader's thread, since Gold's state no longer
    /// changes.
    void freeze(TakeSnapshot take);
    /// Refuses requests from now on. `take` is not called after close() returns.
    void close();
    /// The request that waits for a reply, if there is one.
    [[nodiscard]] std::optional<Request> pending() const;
    /// Replies to `request`, unless its reader has stopped waiting.
    void reply(const Request& request, OpenWindowsSnapshot snapshot);

  private:
    enum class State { closed, open, frozen };

    [[nodiscard]] std::optional<OpenWindowsSnapshot> wait_for_reply(const Request& request,
                                                                    std::chrono::milliseconds limit);

    base::Mutex requesting_;  // held by the one reader that waits for a reply
    mutable base::Mutex mutex_;
    base::ConditionVariable changed_;
    State state_ MILLRACE_GUARDED_BY(mutex_) = State::closed;
    TakeSnapshot take_ MILLRACE_GUARDED_BY(mutex_);  // set while frozen
    std::optional<Request> pending_ MILLRACE_GUARDED_BY(mutex_);
    std::optional<OpenWindowsSnapshot> snapshot_ MILLRACE_GUARDED_BY(mutex_);
    std::atomic<std::uint64_t> changes_ = 0;
    std::atomic<bool> has_pending_ = false;  // whether pending_ has a value
};

}  // namespace millrace::gold
