#include "python/silver_job.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include "archive/archived_log.h"
#include "base/error.h"
#include "python/log.h"

namespace millrace::python {

namespace {

/// The directory of a shop, which is created on the driver, but must be there on a worker.
catalog::DataDirectory directory_of_worker(const std::string& path) {
    catalog::DataDirectory data(path);
    if (!std::filesystem::is_directory(data.silver()))
        throw Error(fmt::format("processing records for {}", path), "there is no silver table",
                    "The data directory must be on a file system that the driver and all workers share, "
                    "under the same path.");
    return data;
}

Offsets offsets_of(const silver::PartitionEnds& ends) {
    Offsets offsets;
    for (const auto& [partition, offset] : ends) offsets[partition] = offset.value();
    return offsets;
}

silver::PartitionEnds ends_of(const Offsets& offsets) {
    silver::PartitionEnds ends;
    for (const auto& [partition, offset] : offsets) ends[partition] = bronze::Offset(offset);
    return ends;
}

/// Stores the settings of a new shop, creates the folder of its reports, and returns the settings.
model::ShopSettings adopted(const catalog::DataDirectory& data, model::ShopSettings settings) {
    data.adopt(settings);
    std::filesystem::create_directories(data.progress());
    return settings;
}

}  // namespace

model::ShopSettings SilverPlace::shop_settings() const {
    if (settings.empty()) return catalog::DataDirectory(data).settings();
    const auto given = catalog::parse_settings(settings, "reading the settings");
    catalog::DataDirectory::validate(given);
    return given;
}

PlaceLog::PlaceLog(const SilverPlace& place) : live_(open_log(place.place, place.topic, place.properties)) {
    const catalog::DataDirectory data(place.data);
    if (place.with_archive && storage::DeltaTable::exists(data.archive()))
        archived_ = std::make_unique<archive::ArchivedLog>(*live_, data.archive());
}

SilverTables::SilverTables(const SilverPlace& place)
    : data(place.data),
      log(place),
      settings(adopted(data, place.shop_settings())),
      lease(data),
      writer(data, *log, settings, pool) {}

SilverPlanner::SilverPlanner(const SilverPlace& place, bool continue_on_data_loss)
    : tables_(place), planner_(tables_.writer, *tables_.log, continue_on_data_loss) {}

Offsets SilverPlanner::progress() {
    const base::MutexLock lock(mutex_);
    return offsets_of(planner_.progress());
}

Offsets SilverPlanner::log_ends() {
    const base::MutexLock lock(mutex_);
    return offsets_of(planner_.log_ends());
}

Offsets SilverPlanner::next_batch(const Offsets& ends, const silver::BatchLimits& limits) {
    const base::MutexLock lock(mutex_);
    return offsets_of(planner_.next_batch(ends_of(ends), limits));
}

std::vector<silver::RecordRange> SilverPlanner::ranges(const Offsets& ends, const silver::TaskSizes& sizes) {
    const base::MutexLock lock(mutex_);
    return planner_.divide(ends_of(ends), sizes);
}

std::vector<std::string> SilverPlanner::event_types() {
    const base::MutexLock lock(mutex_);
    return planner_.event_types();
}

SilverCommitter::SilverCommitter(const SilverPlace& place, const silver::RangeCommitter::Options& options)
    : tables_(place),
      committer_(tables_.writer, tables_.data, *tables_.log, tables_.settings, options, tables_.pool) {}

silver::BatchReport SilverCommitter::commit(const std::vector<std::string_view>& results) {
    const base::MutexLock lock(mutex_);
    std::vector<silver::RangeResult> ranges;
    ranges.reserve(results.size());
    for (const std::string_view result : results) ranges.push_back(silver::RangeResult::from_bytes(result));
    silver::BatchReport report = committer_.commit(std::move(ranges));
    if (report.version != storage::no_version)
        silver::BatchHistory(tables_.data.progress() / "silver.jsonl")
            .add(report);  // others may have written
    return report;
}

SilverTask::SilverTask(const SilverPlace& place, const silver::RecordRange& range,
                       const std::vector<std::string>& event_types)
    : data_(directory_of_worker(place.data)),
      log_(place),
      settings_(place.shop_settings()),
      types_(settings_.rules.max_event_types) {
    types_.assign({event_types.begin(), event_types.end()});
    worker_.emplace(silver::RangeWorker::Context{data_, *log_, settings_, types_, pool_}, range);
}

}  // namespace millrace::python
