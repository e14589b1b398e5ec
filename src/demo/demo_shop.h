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

namespace millrace::demo {

struct DemoOptions {
    int days = 30;                      ///< of history, also the most that a later start adds
    std::int64_t events = 1'000'000;    ///< in a new shop's history
    double rate = 20;                   ///< events per second, from an hour before now on
    std::optional<std::uint64_t> seed;  ///< random when absent

    /// Throws a usage Error when the options make no sense.
    void validate() const;
};

/// The made-up shop of a data directory that belongs to the demo: `DATA/demo.json` marks it, and keeps how
/// much traffic the shop has. While the object lives, no other process can run the demo in the directory.
class DemoShop {
  public:
    /// Takes a directory that is empty, does not exist, or was made by the demo. Throws a usage Error for
    /// another directory, which is left as it is, and where the demo runs already.
    DemoShop(const catalog::DataDirectory& data, const DemoOptions& options);

    /// The history up to `now` that `log` lacks, the oldest part first: all of it for a new shop, otherwise
    /// the part after its newest event.
    [[nodiscard]] std::vector<produce::SimulatorOptions> missing_history(const bronze::EventLog& log,
                                                                         model::Timestamp now) const;
    /// The traffic after the history, without an end.
    [[nodiscard]] produce::SimulatorOptions live() const;

  private:
    /// Events that are missing between two moments.
    struct Part {
        model::Timestamp from;
        model::Timestamp to;
        std::int64_t count = 0;
    };

    void take_over(const std::filesystem::path& mark);
    [[nodiscard]] produce::SimulatorOptions simulator() const;
    [[nodiscard]] produce::SimulatorOptions part(const Part& wanted, model::Timestamp now) const;

    const DemoOptions options_;
    base::File lock_;
    double rate_ = 0;  // events per second in the history, on average
    int users_ = 0;
    std::int64_t days_ = 0;  // of the history that the shop was made with
};

/// The time of the newest event up to `now` among each partition's last records; nothing in an empty log.
std::optional<model::Timestamp> newest_event(const bronze::EventLog& log, model::Timestamp now);

/// The progress of the demo.
struct DemoStatus {
    std::int64_t history = 0;    ///< events that the log lacked at the start
    double loading_seconds = 0;  ///< until all of them were in the tables, or until now
    bool live = false;           ///< whether all of them are in the tables
    std::int64_t sent = 0;       ///< events, of the history and live ones
    pipeline::RunStatus run;     ///< the status of the pipeline
};

/// Runs the pipeline and, beside it, the shop: first its history, then live traffic, until `stop` is
/// requested. All that was sent is in the log then, and the last batch is committed. `options` has no
/// simulator. Throws an Error on a fault in any part.
DemoStatus run_demo(const catalog::DataDirectory& data, bronze::EventLog& log,
                    const model::ShopSettings& settings, const DemoShop& shop,
                    const pipeline::RunOptions& options, const base::StopSignal& stop,
                    const std::function<void(const DemoStatus&)>& on_status);

}  // namespace millrace::demo
