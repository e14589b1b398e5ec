#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/live_silver.h"
#include "api/sql_views.h"
#include "api/table_usage.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/scratch_folder.h"
#include "base/stop.h"
#include "gold/stage/open_windows.h"
#include "publish/silences.h"
#include "serve/feed.h"
#include "storage/version.h"

namespace millrace::api {

/// A live view of the pipeline: a feed (server-sent events) of the current figures, and SQL views with the
/// closed and the open windows of Gold. It does no work without subscribers and queries. Thread-safe.
class LiveView {
  public:
    /// Returns the status of the pipeline in this process, if there is one.
    using Status = std::function<base::json::object()>;

    /// `open` is the channel of the Gold in this process, or nullptr, which leaves only closed windows.
    /// `uncommitted` are the rows of its Silver, or nullptr. Both must outlive this object.
    LiveView(const catalog::DataDirectory& data, gold::OpenWindowsChannel* open,
             const silver::UncommittedRows* uncommitted, Status status);
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    /// The feed of the figures. While someone subscribes, it gets them when they change, up to 25 times a
    /// second for few subscribers and less often for many, and else twice a second.
    [[nodiscard]] const std::shared_ptr<serve::Feed>& feed() const { return feed_; }
    /// Returns true if Gold runs in this process, so that its open windows are available.
    [[nodiscard]] bool has_gold() const { return open_ != nullptr; }
    /// The directory of this process's files, which only this user can enter.
    [[nodiscard]] const std::filesystem::path& folder() const { return scratch_.path(); }
    /// Returns the current figures.
    [[nodiscard]] base::json::object state();
    /// Returns the times of the first and the last event in Silver, or null if it has none (event_span.h).
    [[nodiscard]] base::json::value data_span();

    /// Returns all tables for a query: those of SqlViews, live.silver with the rows that are not committed
    /// yet (LiveSilver), and live.* with the closed and the open windows of Gold. The open windows may be
    /// some seconds old if a snapshot of them takes long. The tables that one query reads usually come from
    /// the same snapshot, but this is not guaranteed. The files stay as long as the views.
    [[nodiscard]] std::vector<serve::SqlView> views(std::string_view query);

    /// Adds the metrics of the tables' files.
    void add_metrics(serve::MetricsText& text) const { usage_.add_metrics(text); }

  private:
    /// The files of a table in the last snapshot.
    struct TableFiles {
        std::vector<serve::SqlView::File> files;  // the files of the table, and those of the open rows
        std::shared_ptr<const void> lease;        // removes the files of the open rows after their last use
    };

    void follow();
    [[nodiscard]] std::vector<serve::SqlView> live_views(std::string_view query);
    void refresh(const gold::TableSet& used) MILLRACE_REQUIRES(mutex_);
    gold::TableSet tables_to_refresh(const gold::TableSet& used) MILLRACE_REQUIRES(mutex_);
    void adopt(gold::Table table, const std::vector<serve::SqlView::File>& closed, gold::TableRows& open)
        MILLRACE_REQUIRES(mutex_);
    void read_alerts() MILLRACE_REQUIRES(slow_mutex_);
    void read_silences() MILLRACE_REQUIRES(slow_mutex_);
    [[nodiscard]] base::json::array show_firing(const std::vector<model::Alert>& alerts) const
        MILLRACE_REQUIRES(slow_mutex_);
    [[nodiscard]] base::json::object tables();

    const catalog::DataDirectory data_;
    gold::OpenWindowsChannel* const open_;
    const Status status_;
    const base::ScratchFolder scratch_;  // directory for the files of the open rows
    SqlViews tables_;
    LiveSilver silver_;
    TableUsage usage_;
    std::shared_ptr<serve::Feed> feed_ = std::make_shared<serve::Feed>();

    base::Mutex mutex_;
    // The last snapshot of each table.
    std::map<gold::Table, TableFiles> snapshots_ MILLRACE_GUARDED_BY(mutex_);
    // When a query used each table last.
    std::map<gold::Table, std::chrono::steady_clock::time_point> used_at_ MILLRACE_GUARDED_BY(mutex_);
    std::chrono::steady_clock::time_point next_refresh_ MILLRACE_GUARDED_BY(mutex_);
    // No requests until then, since Gold did not reply.
    std::chrono::steady_clock::time_point busy_until_ MILLRACE_GUARDED_BY(mutex_);
    std::int64_t folders_ MILLRACE_GUARDED_BY(mutex_) = 0;  // number of directories created so far

    std::atomic<std::chrono::steady_clock::duration> snapshot_took_{};  // for the figures of the feed

    base::Mutex slow_mutex_;
    // When the values below are read next.
    std::chrono::steady_clock::time_point next_slow_ MILLRACE_GUARDED_BY(slow_mutex_);
    // The version of the alerts table that firing_ shows.
    storage::Version alerts_version_ MILLRACE_GUARDED_BY(slow_mutex_) = storage::no_version;
    std::vector<model::Alert> firing_ MILLRACE_GUARDED_BY(slow_mutex_);
    std::vector<publish::Silence> silences_ MILLRACE_GUARDED_BY(slow_mutex_);
    std::string silences_fault_ MILLRACE_GUARDED_BY(slow_mutex_);  // why they could not be read
    base::json::object disk_ MILLRACE_GUARDED_BY(slow_mutex_);
    base::json::object table_sizes_ MILLRACE_GUARDED_BY(slow_mutex_);
    // The days that Gold corrects in another process.
    base::json::array correcting_ MILLRACE_GUARDED_BY(slow_mutex_);
    base::json::value data_span_ MILLRACE_GUARDED_BY(slow_mutex_);

    base::StopSignal stop_;
    std::thread thread_;  // last, since it uses the other members
};

}  // namespace millrace::api
