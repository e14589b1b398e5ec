#include "silver/stage/rebuilt_tables.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::silver {

RebuiltTables::RebuiltTables(const OldTables& old, SilverWriter& writer)
    : old_(old), writer_(writer), progress_(static_cast<std::size_t>(old.partitions())) {}

catalog::PartitionProgress RebuiltTables::progress(int partition) const {
    // The topic may have got partitions since the replay began, which it leaves to the next writer.
    if (static_cast<std::size_t>(partition) >= progress_.size()) return {};
    return progress_[static_cast<std::size_t>(partition)];
}

bool RebuiltTables::commit(const std::vector<LanePart>& parts, WrittenFiles files, IdSet& /*ids*/,
                           BatchReport& report) {
    report.files = static_cast<std::int64_t>(files.silver.size());
    std::ranges::move(files.quarantine, std::back_inserter(quarantine_adds_));
    for (auto& add : files.silver) {
        snapshot_.files[add.path] = add;
        silver_adds_.push_back(std::move(add));
    }
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            progress_[static_cast<std::size_t>(partition.partition)] = partition.end;
            counts_.received += partition.received;
            counts_.items += partition.items;
            counts_.ignored += partition.ignored;
            counts_.duplicates += partition.duplicates;
            counts_.quarantined += partition.quarantined;
        }
    }
    return true;
}

void RebuiltTables::note_committed(const storage::Snapshot& quarantine) {
    std::erase_if(quarantine_adds_, [&](const storage::AddFile& add) {
        if (!quarantine.files.contains(add.path)) return false;
        quarantine_committed_.insert(add.path);
        return true;
    });
}

void RebuiltTables::take_kept_files() {
    snapshot_ = storage::Snapshot();
    for (const auto& add : silver_adds_) snapshot_.files[add.path] = add;
    for (const auto& [path, add] : old_.kept_files()) snapshot_.files[path] = add;
}

void RebuiltTables::start_progress() {
    progress_ = old_.start_progress();
}

std::int64_t RebuiltTables::records_behind() const {
    std::int64_t records = 0;
    for (int p = 0; p < old_.partitions(); ++p)
        records += std::max<std::int64_t>(0, old_.progress(p).next_offset - progress(p).next_offset);
    return records;
}

}  // namespace millrace::silver
