#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/server.h"
#include "base/task.h"
#include "catalog/table_locks.h"
#include "gold/stage/gold_stage.h"
#include "pipeline/run_monitor.h"
#include "pipeline/run_status.h"
#include "pipeline/silver_run.h"
#include "produce/simulator.h"
#include "publish/publisher.h"

namespace millrace::pipeline {

struct RunOptions {
    std::optional<produce::SimulatorOptions> simulator;  ///< nothing: only what others append is processed
    std::optional<base::Duration> duration;              ///< nothing: until stopped, or the simulator is done
    silver::SilverOptions silver;
    std::optional<gold::GoldStageOptions> gold;  ///< nothing: only silver is made
    publish::PublishOptions publish;             ///< the consumers of Gold's tables outside
    std::optional<api::ServerOptions> server;    ///< nothing: no HTTP port
    std::function<void(const std::string& url)> on_serving;
};

/// Everything in one process: simulator, log, silver, Gold and the HTTP server.
class PipelineRun {
  public:
    using OnStatus = std::function<void(const RunStatus&)>;

    /// Opens the tables and Gold. All arguments must outlive the run.
    PipelineRun(const catalog::DataDirectory& data, bronze::EventLog& log,
                const model::ShopSettings& settings, const RunOptions& options);
    /// Stops all parts, if an exception has ended run().
    ~PipelineRun();
    PipelineRun(const PipelineRun&) = delete;
    PipelineRun& operator=(const PipelineRun&) = delete;

    /// Runs until the duration is over, the simulator is done, or `stop` is requested. Returns when all that
    /// is in the log then is processed and the last batch is committed. May be called once. Throws an Error
    /// on a fault in any part.
    RunStatus run(const base::StopSignal& stop, const OnStatus& on_status);

  private:
    void open_gold();
    void start();
    void serve();
    void watch(const base::StopSignal& stop, const OnStatus& on_status);
    void stop_intake();
    void finish_silver(const base::StopSignal& stop);
    std::optional<api::DaySummary> finish_gold(const base::StopSignal& stop);
    RunStatus read_status();
    [[nodiscard]] std::optional<std::string> reason_not_ready() const;

    const catalog::DataDirectory& data_;
    bronze::EventLog& log_;
    const model::ShopSettings& settings_;
    const RunOptions& options_;
    const base::File root_;  // the data directory
    const catalog::WriterLease lease_;
    base::WorkerPool pool_;
    silver::CommitQueue commits_;
    silver::UncommittedRows uncommitted_;
    gold::OpenWindowsChannel open_windows_;
    SilverRun silver_;
    std::optional<publish::Publisher> publisher_;
    std::optional<gold::GoldStage> gold_;
    model::AlertSequence alerts_before_;
    RunMonitor monitor_;
    base::Stopwatch since_opening_;
    base::Task gold_task_;
    base::Task silver_task_;
    base::Task simulator_task_;
    std::optional<api::Server> server_;
};

}  // namespace millrace::pipeline
