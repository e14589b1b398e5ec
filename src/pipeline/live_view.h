#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stop.h"
#include "pipeline/open_rows.h"
#include "pipeline/sql_views.h"
#include "serve/feed.h"

namespace millrace::pipeline {

/// What is going on, for those who look on: a feed of the figures as they stand, and Gold's tables together
/// with what is open, for queries. Costs nothing while nobody looks. Thread-safe.
class LiveView {
  public:
    /// Tells of the pipeline beside it, if any.
    using Status = std::function<base::json::object()>;

    /// `open` is Gold's in this process; nothing: only closed windows are known.
    LiveView(const DataDirectory& data, OpenRows* open, Status status);
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    /// The figures, twice a second while someone watches.
    [[nodiscard]] const std::shared_ptr<serve::Feed>& feed() const { return feed_; }
    /// The figures now.
    [[nodiscard]] base::json::object state();

    /// All tables for queries: SqlViews' and, as live.*, Gold's with what is open. Those may be some
    /// seconds old.
    [[nodiscard]] std::vector<serve::SqlView> views();

  private:
    /// Files of open rows, of one look.
    struct Generation {
        std::chrono::steady_clock::time_point replaced;  // by the next one; max: not yet
        std::filesystem::path folder;
    };

    void look_again();
    void write(gold::Output& open, std::map<gold::Table, std::vector<std::string>>& files);
    void forget_old();
    void forget_others() const;
    [[nodiscard]] base::json::array firing();
    [[nodiscard]] base::json::object tables();

    const DataDirectory data_;
    OpenRows* const open_;
    const Status status_;
    const std::filesystem::path folder_;  // of this process's files
    SqlViews tables_;
    std::shared_ptr<serve::Feed> feed_ = std::make_shared<serve::Feed>();

    std::mutex mutex_;                                       // of what follows
    std::map<gold::Table, std::vector<std::string>> files_;  // absolute; of the last look
    std::vector<Generation> generations_;                    // that queries may still read
    std::chrono::steady_clock::time_point next_look_;
    std::int64_t looks_ = 0;

    std::mutex slow_mutex_;  // of what changes seldom
    std::chrono::steady_clock::time_point next_slow_;
    base::json::array firing_;
    base::json::object table_sizes_;

    base::StopSignal stop_;
    std::thread thread_;  // last
};

}  // namespace millrace::pipeline
