#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "api/server.h"
#include "gold/stage/gold_stage.h"
#include "gold/stage/gold_summary.h"
#include "produce/simulator.h"
#include "publish/publisher.h"
#include "silver/stage/silver_stage.h"

namespace millrace::pipeline {

struct RunOptions {
    std::optional<produce::SimulatorOptions> simulator;  ///< nothing: only what others append is processed
    std::optional<base::Duration> duration;              ///< nothing: until stopped, or the simulator is done
    silver::SilverOptions silver;
    std::optional<gold::GoldStageOptions> gold;  ///< nothing: only silver is made
    publish::PublishOptions publish;             ///< what Gold's tables are carried to
    std::optional<api::ServerOptions> server;    ///< nothing: no HTTP port
    std::function<void(const std::string& url)> on_serving;
};

/// What the running pipeline tells now and then.
struct RunStatus {
    double seconds = 0;       ///< of work; at the end, until all is committed
    std::int64_t sent = 0;    ///< by the simulator
    std::int64_t in_log = 0;  ///< records that the log holds, of earlier runs too; all partitions
    std::int64_t lag = 0;
    std::int64_t waiting_since_ms = 0;  ///< that there is a lag; 0: there is none
    std::int64_t received = 0;          ///< records that this run has committed, as what follows
    std::int64_t silver = 0;            ///< rows of them
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::map<std::string, std::int64_t> by_rule;  ///< records quarantined
    std::int64_t skipped = 0;                     ///< offsets without a record, since the table began
    double events_per_second = 0;
    std::vector<silver::BatchReport> last_batches;
    /// At the end: of each of Gold's commits, the longest time from a record's append until its event was in
    /// Gold's live values.
    std::vector<double> gold_latency_ms;
    std::int64_t gold_rows = 0;          ///< published by this run
    std::int64_t gold_late = 0;          ///< additions that came after their window was closed
    std::int64_t gold_lag = 0;           ///< silver's commits that aren't taken in
    std::int64_t gold_watermark_ms = 0;  ///< 0: there is none
    publish::DeliveryLag delivery;
    std::optional<gold::GoldSummary> gold;  ///< at the end, where this process ran Gold
};

/// Everything in one process: simulator, log, silver, gold. Returns when the duration is over, the simulator
/// is done and all is processed, or `stop` was requested; the last batch is committed. Throws an Error on a
/// fault in any part.
RunStatus run_all(const catalog::DataDirectory& data, bronze::EventLog& log, std::int64_t numbered_before,
                  const model::ShopSettings& settings, const RunOptions& options,
                  const base::StopSignal& stop, const std::function<void(const RunStatus&)>& on_status);

}  // namespace millrace::pipeline
