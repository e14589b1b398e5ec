#include "pipeline/silver_run.h"

namespace millrace::pipeline {

SilverRun::SilverRun(const catalog::DataDirectory& data, const bronze::EventLog& log,
                     const model::ShopSettings& settings, const silver::SilverOptions& options,
                     base::WorkerPool& pool, silver::Followers followers)
    : writer_(data, log, settings, pool),
      stage_(writer_, log, settings, options, pool, followers),
      history_(data.progress() / "silver.jsonl") {
    on_batch({});
    if (!options.available_now)
        maintenance_.emplace(data, [this](int partition) { return partitions().is_ours(partition); });
}

void SilverRun::on_batch(silver::BatchCommitter::OnBatch callback) {
    stage_.on_batch([this, callback = std::move(callback)](const silver::BatchReport& report) {
        history_.add(report);
        if (callback) callback(report);
    });
}

}  // namespace millrace::pipeline
