#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive_table.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/units.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "catalog/data_loss.h"
#include "storage/delta_table.h"

namespace millrace::archive {

struct ArchiveOptions {
    base::Duration trigger = std::chrono::seconds(60);  ///< between commits
    bool available_now = false;                         ///< archive what the log holds at the start, then end
    std::int64_t batch_bytes = 256LL << 20;             ///< a batch ends when it has so many bytes of records
    bool continue_on_data_loss = false;                 ///< continue after records that the log has removed
};

/// What one committed batch has archived.
struct ArchiveReport {
    storage::Version version = storage::no_version;
    std::int64_t records = 0;
    std::int64_t bytes = 0;         ///< of the records
    std::int64_t stored_bytes = 0;  ///< of the files
    std::int64_t lag = 0;           ///< records in the log that are not archived yet
    double seconds = 0;

    [[nodiscard]] base::json::object to_json() const;
    /// One line for people.
    [[nodiscard]] std::string line() const;
};

/// Copies the log's raw records into the archive table, each exactly once: one commit has a batch's rows and
/// the progress of their partitions, as in the silver table. Not thread-safe.
class Archiver {
  public:
    /// Opens the table, creating it when there is none. `log` and `pool` must outlive it.
    Archiver(const catalog::DataDirectory& data, const bronze::EventLog& log, const ArchiveOptions& options,
             base::WorkerPool& pool);

    using OnBatch = std::function<void(const ArchiveReport&)>;

    /// Archives until `stop` is requested or, with available_now, all is archived that the log held at the
    /// start. Throws an Error on a fault; what was committed stays.
    void run(const base::StopSignal& stop, const OnBatch& on_batch);

  private:
    struct Partition {
        int number = 0;
        bronze::Offset end{0};  // where available_now stops
        std::unique_ptr<bronze::PartitionReader> reader;
        catalog::PartitionProgress progress;  // after this batch
        bronze::Offset committed{0};
        std::int64_t bytes = 0;  // of this batch's records
        bool full = false;       // its share of the batch is used up, so there may be more records
        std::optional<storage::AddFile> file;

        [[nodiscard]] bool moved() const { return progress.next_offset != committed; }
    };

    void resume();
    bool fill_all(const base::StopSignal& stop);
    bool wait(const base::StopSignal& stop);
    void find_partitions();
    void fill(Partition& partition, const base::StopSignal& stop);
    void copy(Partition& partition, std::span<const bronze::Record> records, storage::ParquetWriter& writer);
    bool commit(ArchiveReport& report);

    const bronze::EventLog& log_;
    const ArchiveOptions options_;
    base::WorkerPool& pool_;
    storage::DeltaTable table_;
    const std::string run_id_;
    std::int64_t batches_ = 0;
    catalog::DataLossPolicy data_loss_;
    std::chrono::steady_clock::time_point next_trigger_;
    std::vector<Partition> partitions_;
};

}  // namespace millrace::archive
