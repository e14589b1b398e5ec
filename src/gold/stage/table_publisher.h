#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/alerts/alerts.h"
#include "gold/output.h"
#include "gold/stage/gold.h"
#include "gold/stage/gold_writer.h"
#include "model/time_zone.h"
#include "serve/sql_view.h"
#include "storage/version.h"

namespace millrace::gold {

/// The newest versions of Gold's tables.
struct PublishedVersions {
    std::map<Table, storage::Version> tables;  ///< the Delta version of each table
    model::AlertSequence last_alert;  ///< the sequence number of the last alert; 0 when there is none
};

/// Publishes the output of the speed layer in Gold's tables: rows of closed windows, which it collects until
/// the next commit, alerts, and at the end rows of open windows. Rows are written in the background: the next
/// ones can be collected meanwhile, and calls that concern the tables of metrics wait. An Error while writing
/// is thrown by the next such call; its rows are lost to this object, and come again from a saved state. Not
/// thread-safe, except for versions().
class TablePublisher {
  public:
    /// Opens the tables, and creates those that are missing. Throws an Error that names a table that cannot
    /// be opened. `pool` must outlive the object.
    TablePublisher(const catalog::DataDirectory& data, const model::TimeZone& zone, base::WorkerPool& pool)
        : zone_(zone), writer_(data, pool), known_version_(writer_.newest_version()) {}

    /// Waits until all rows that were to be published are in the tables.
    void wait();
    /// Reads what others have committed.
    void refresh();
    /// GoldWriter::withdraw_provisional().
    [[nodiscard]] bool withdraw_provisional();
    /// Removes all rows from the tables, and those that wait to be published.
    void clear();

    /// Rows of closed windows that wait to be published. The engine adds to them.
    [[nodiscard]] Output& waiting() { return waiting_; }
    /// Whether rows wait for one of these tables.
    [[nodiscard]] bool has_waiting(const TableSet& tables);
    /// Whether so many rows wait that they should be published now.
    [[nodiscard]] bool is_full() const;
    /// Drops waiting rows of tables that have the rows up to this version of Silver already, from before a
    /// restart.
    void drop_known(storage::Version silver_version);

    /// Removes days that the tables have recomputed rows of, from before a restart.
    void forget_corrected(LateDays& late);

    /// Starts to publish the waiting rows and returns their number. Waits for those before.
    std::int64_t publish(storage::Version silver_version);
    /// Does so while Gold is being rebuilt: the rows count for no version of Silver, so that a restart clears
    /// the tables.
    std::int64_t publish_unversioned() { return publish(storage::no_version); }
    /// Publishes the changes of alerts that are not published yet, and returns their number. `quiet` ones are
    /// not sent to alert sinks.
    std::int64_t publish_alerts(Alerts& alerts, storage::Version silver_version, bool quiet);
    /// Publishes the rows of open windows as they are and returns their number. The windows stay open in
    /// the state on disk.
    std::int64_t publish_provisional(const Gold& gold, storage::Version silver_version);
    /// Whether publish_provisional() was called, so that the tables include the open windows.
    [[nodiscard]] bool has_provisional() const { return has_provisional_; }

    /// Joins small files of rows that were published up to this version of Silver. A failure is logged as a
    /// warning: joining only makes reading faster.
    void join_files(storage::Version silver_version);

    /// The sequence number of the last published alert; 0 when there is none.
    [[nodiscard]] model::AlertSequence alerts_sequence() const { return writer_.alerts_sequence(); }
    /// The silver version of the last commit of alerts; -1 when there is none.
    [[nodiscard]] storage::Version alerts_version() const { return writer_.alerts_version(); }
    /// The files of these tables.
    [[nodiscard]] std::map<Table, std::vector<serve::SqlView::File>> files(const TableSet& tables);

    /// Makes the present versions of the tables visible in versions(). Those of tables that are being written
    /// become visible once they are.
    void note_versions();
    /// The versions when they were last noted. Thread-safe.
    [[nodiscard]] PublishedVersions versions() const;

  private:
    void note(std::span<const Table> tables);

    const model::TimeZone zone_;
    GoldWriter writer_;
    Output waiting_;
    Output written_;                  // the rows that `writing_` writes
    storage::Version known_version_;  // up to which the tables had rows at refresh()
    bool has_provisional_ = false;
    mutable base::Mutex mutex_;
    PublishedVersions versions_ MILLRACE_GUARDED_BY(mutex_);
    std::future<void> writing_;  // valid until wait(); the last member, so that the destructor waits first
};

}  // namespace millrace::gold
