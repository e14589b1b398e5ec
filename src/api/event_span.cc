#include "api/event_span.h"

#include <algorithm>
#include <string_view>

#include "storage/file_stats.h"

namespace millrace::api {

namespace {

constexpr std::string_view day_column = "event_date";
constexpr std::string_view time_column = "event_timestamp";

void include(std::optional<EventSpan>& span, const storage::AddFile& file) {
    const storage::FileStats stats(file);
    const auto first = stats.min_time(time_column);
    const auto last = stats.max_time(time_column);
    if (!first || !last) return;
    if (!span) span = EventSpan{.first = *first, .last = *last};
    span->first = std::min(span->first, *first);
    span->last = std::max(span->last, *last);
}

}  // namespace

base::json::object EventSpan::to_json() const {
    return {{"first", base::to_ms(model::to_wall_time(first))},
            {"last", base::to_ms(model::to_wall_time(last))}};
}

std::optional<EventSpan> event_span(const storage::Snapshot& silver) {
    std::string_view first_day;
    std::string_view last_day;
    for (const auto& [path, file] : silver.files) {
        const auto day = storage::partition_value(file, day_column);
        if (first_day.empty() || day < first_day) first_day = day;
        last_day = std::max(last_day, day);
    }
    // The table is partitioned by day, so its first and last days have the first and the last event.
    std::optional<EventSpan> span;
    for (const auto& [path, file] : silver.files) {
        const auto day = storage::partition_value(file, day_column);
        if (day == first_day || day == last_day) include(span, file);
    }
    return span;
}

}  // namespace millrace::api
