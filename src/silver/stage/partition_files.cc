#include "silver/stage/partition_files.h"

#include <algorithm>
#include <iterator>

namespace millrace::silver {

bool PartitionFiles::append(const model::Event& event, const EventSource& source, int log_epoch) {
    const std::size_t before = files_.size();
    columns_for(event, log_epoch).append(event, source);
    return files_.size() > before;
}

void PartitionFiles::move_to(std::vector<std::unique_ptr<EventColumns>>& into) {
    std::ranges::move(files_, std::back_inserter(into));
    files_.clear();
    last_ = nullptr;
}

EventColumns& PartitionFiles::columns_for(const model::Event& event, int log_epoch) {
    const std::int64_t day = model::day_of(event.timestamp);
    const auto fits = [&](const EventColumns& file) {
        return file.day() == day && file.event_type() == event.event_type;
    };
    if (last_ != nullptr && fits(*last_)) return *last_;
    const auto found = std::ranges::find_if(files_, [&](const auto& file) { return fits(*file); });
    if (found != files_.end()) return *(last_ = found->get());
    files_.push_back(pool_->take(event.event_type));
    last_ = files_.back().get();
    last_->start(
        {.day = day, .event_type = event.event_type, .partition = partition_, .log_epoch = log_epoch});
    return *last_;
}

}  // namespace millrace::silver
