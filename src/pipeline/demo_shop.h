#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/stop.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "model/timestamp.h"
#include "pipeline/run.h"
#include "produce/simulator.h"

namespace millrace::pipeline {

struct DemoOptions {
    int days = 30;                      ///< of history, and the most that a later start fills up
    std::int64_t events = 1'000'000;    ///< of a new shop's history
    double rate = 20;                   ///< events a second from an hour before now on
    std::optional<std::uint64_t> seed;  ///< random when absent

    /// Throws a usage Error when the options make no sense.
    void validate() const;
};

/// The made-up shop of a data directory that is the demo's own: its mark (`DATA/demo.json`) keeps how much
/// happens there. While the object lives, no other process has the demo run in the directory.
class DemoShop {
  public:
    /// Takes the directory, which is empty, doesn't exist, or was made by the demo. Throws a usage Error for
    /// another one, which is left as it is, and where the demo runs already.
    DemoShop(const catalog::DataDirectory& data, const DemoOptions& options);

    /// The history up to `now` that `log` lacks, the oldest part first: all of a new shop's, else from its
    /// newest event on.
    [[nodiscard]] std::vector<produce::SimulatorOptions> missing_history(const bronze::EventLog& log,
                                                                         model::Timestamp now) const;
    /// What comes after it, without an end.
    [[nodiscard]] produce::SimulatorOptions live() const;

  private:
    void take_over(const std::filesystem::path& mark);
    [[nodiscard]] produce::SimulatorOptions simulator() const;
    [[nodiscard]] produce::SimulatorOptions part(model::Timestamp from, model::Timestamp to,
                                                 model::Timestamp now, std::int64_t count) const;

    const DemoOptions options_;
    base::File lock_;
    double rate_ = 0;  // of the history: events a second, on average
    int users_ = 0;
};

/// The time of the newest event up to `now` among each partition's last records; nothing in an empty log.
std::optional<model::Timestamp> newest_event(const bronze::EventLog& log, model::Timestamp now);

/// How the demo comes along.
struct DemoStatus {
    std::int64_t history = 0;    ///< events that the log lacked at the start
    double loading_seconds = 0;  ///< until all of them were in the tables, or until now
    bool live = false;           ///< they are
    std::int64_t sent = 0;       ///< the history's and live ones
    RunStatus run;               ///< the pipeline's
};

/// Runs the pipeline and the shop beside it, the history first, until `stop` is requested; what was sent is
/// in the log then, and the last batch is committed. `options` has no simulator. Throws an Error on a fault
/// in any part.
DemoStatus run_demo(const catalog::DataDirectory& data, bronze::EventLog& log,
                    const model::ShopSettings& settings, const DemoShop& shop, const RunOptions& options,
                    const base::StopSignal& stop, const std::function<void(const DemoStatus&)>& on_status);

}  // namespace millrace::pipeline
