#include "python/silver_replay.h"

#include <map>
#include <utility>

namespace millrace::python {

SilverReplay::SilverReplay(const SilverPlace& place, const silver::RangeCommitter::Options& options)
    : data_(place.data),
      log_(place),
      settings_(place.shop_settings()),
      options_(options),
      lease_(data_),
      replay_(data_, *log_, settings_, {.horizon = options.horizon, .dedupe_bytes = options.dedupe_bytes}) {}

silver::ReplayReport SilverReplay::run(const Division& division, const RunTasks& run_tasks) {
    replay_.process_by([&](silver::BatchSink& sink, const std::vector<bronze::Offset>& ends) {
        silver::RangePlanner planner(sink, *log_, false);
        silver::RangeCommitter committer(sink, data_, *log_, settings_, options_, pool_);
        silver::PartitionEnds all;
        for (std::size_t p = 0; p < ends.size(); ++p) all[static_cast<int>(p)] = ends[p];
        for (;;) {
            const auto ranges = planner.divide(planner.next_batch(all, division.round), division.tasks);
            if (ranges.empty()) return;
            std::vector<silver::RangeResult> results;
            for (const std::string& result : run_tasks(ranges, planner.event_types()))
                results.push_back(silver::RangeResult::from_bytes(result));
            committer.commit(std::move(results));
        }
    });
    return replay_.run(base::StopSignal(), {});
}

}  // namespace millrace::python
