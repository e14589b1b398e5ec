#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/sql_views.h"
#include "base/json.h"
#include "base/scratch_folder.h"
#include "base/stop.h"
#include "gold/stage/open_windows.h"
#include "serve/feed.h"

namespace millrace::api {

/// What is going on, for those who look on: a feed of the figures as they stand, and Gold's tables together
/// with what is open, for queries. Costs nothing while nobody looks. Thread-safe.
class LiveView {
  public:
    /// Tells of the pipeline beside it, if any.
    using Status = std::function<base::json::object()>;

    /// `open` is Gold's in this process; nothing: only closed windows are known.
    LiveView(const catalog::DataDirectory& data, gold::OpenWindowsChannel* open, Status status);
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    /// The figures, twice a second while someone watches.
    [[nodiscard]] const std::shared_ptr<serve::Feed>& feed() const { return feed_; }
    /// Whether Gold runs in this process, so that its open windows are known.
    [[nodiscard]] bool has_gold() const { return open_ != nullptr; }
    /// The folder of this process's files, which is this user's alone.
    [[nodiscard]] const std::filesystem::path& folder() const { return scratch_.path(); }
    /// The figures now.
    [[nodiscard]] base::json::object state();
    /// The times of the first and the last event that silver has; null when it has none (event_span.h).
    [[nodiscard]] base::json::value data_span();

    /// All tables for a query: SqlViews' and, as live.*, Gold's with what is open. Those may be some
    /// seconds old; tables of one query are mostly of one moment. Their files stay as long as the views.
    [[nodiscard]] std::vector<serve::SqlView> views(std::string_view query);

  private:
    /// What a look at a table has found.
    struct TableFiles {
        std::vector<serve::SqlView::File> files;  // the table's, and those of the open rows
        std::shared_ptr<const void> lease;        // removes the latter with the last one who uses them
    };

    void refresh(const gold::TableSet& used);
    gold::TableSet tables_to_refresh(const gold::TableSet& used);
    void adopt(gold::Table table, const std::vector<serve::SqlView::File>& closed, gold::TableRows& open);
    void read_alerts();
    [[nodiscard]] base::json::object tables();

    const catalog::DataDirectory data_;
    gold::OpenWindowsChannel* const open_;
    const Status status_;
    const base::ScratchFolder scratch_;  // of the open rows' files
    SqlViews tables_;
    std::shared_ptr<serve::Feed> feed_ = std::make_shared<serve::Feed>();

    std::mutex mutex_;                                                      // of what follows
    std::map<gold::Table, TableFiles> snapshots_;                           // the last ones
    std::map<gold::Table, std::chrono::steady_clock::time_point> used_at_;  // by a query, last
    std::chrono::steady_clock::time_point next_refresh_;
    std::chrono::steady_clock::time_point busy_until_;  // Gold didn't answer
    std::int64_t folders_ = 0;

    std::mutex slow_mutex_;  // of what changes seldom
    std::chrono::steady_clock::time_point next_slow_;
    std::int64_t alerts_version_ = -1;  // of their table, that firing_ is from
    base::json::array firing_;
    base::json::object table_sizes_;
    base::json::value data_span_;

    base::StopSignal stop_;
    std::thread thread_;  // last
};

}  // namespace millrace::api
