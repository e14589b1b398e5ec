#include "gold/stage/gold_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "model/timestamp.h"

namespace millrace::gold {

base::json::object GoldReport::to_json() const {
    return {{"silver_version", silver_version.value()},
            {"events", events},
            {"rows", rows},
            {"provisional", provisional},
            {"late", late},
            {"watermark", watermark == no_watermark ? "" : model::format_timestamp(watermark)},
            {"seconds", seconds},
            {"latency_ms", latency_ms},
            {"pause_ms", pause_ms}};
}

std::string GoldReport::line() const {
    const std::string open = provisional == 0 ? ""
                                              : fmt::format(" ({} of them provisional, from open windows)",
                                                            base::format_count(provisional));
    return fmt::format("silver version {}: {} events, {} rows published{}, {} late, watermark {}, {:.2f} s",
                       silver_version, base::format_count(events), base::format_count(rows), open,
                       base::format_count(late),
                       watermark == no_watermark ? "none" : model::format_timestamp(watermark), seconds);
}

void GoldReporter::start_at(storage::Version silver_version) {
    reported_version_ = silver_version;
    report_.latency_ms = 0;
}

void GoldReporter::add(const Events& events) {
    report_.events += static_cast<std::int64_t>(events.rows.size());
    report_.latency_ms =
        std::max(report_.latency_ms, static_cast<double>((base::now() - events.oldest).count()) / 1e3);
}

void GoldReporter::add_provisional(std::int64_t rows) {
    report_.provisional += rows;
    report_.rows += rows;
}

void GoldReporter::note_pause(std::chrono::microseconds pause) {
    report_.pause_ms = std::max(report_.pause_ms, static_cast<double>(pause.count()) / 1e3);
}

std::optional<GoldReport> GoldReporter::take(std::int64_t late, storage::Version silver_version,
                                             Timestamp watermark) {
    if (silver_version == reported_version_ && report_.events == 0 && report_.rows == 0) return std::nullopt;
    report_.silver_version = reported_version_ = silver_version;
    report_.late = late;
    report_.watermark = watermark;
    report_.seconds = work_.lap();
    return std::exchange(report_, {});
}

}  // namespace millrace::gold
