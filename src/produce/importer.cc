#include "produce/importer.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "produce/line_reader.h"
#include "produce/occurrences.h"

namespace millrace::produce {

namespace {

constexpr std::int64_t lines_between_checks = 4096;

}  // namespace

Importer::Importer(bronze::EventLog& log, const ImportOptions& options)
    : options_(options), appender_(log), converter_(make_converter(options)) {}

void Importer::keep_pace(std::int64_t time_us, const base::StopSignal& stop) {
    if (options_.speed <= 0 || time_us == 0) return;
    if (first_time_us_ == 0) {
        first_time_us_ = time_us;
        started_us_ = base::now_us();
    }
    const auto due = started_us_ + static_cast<std::int64_t>(static_cast<double>(time_us - first_time_us_) /
                                                             options_.speed);
    const std::int64_t wait = due - base::now_us();
    if (wait <= 0) return;
    appender_.flush();
    stop.wait_for(std::chrono::microseconds(wait));
}

ImportReport Importer::import(const std::filesystem::path& file, const base::StopSignal& stop,
                              const std::function<void(const ImportReport&)>& on_progress) {
    LineReader reader(file);
    Occurrences occurrences(file);
    ImportReport report;
    report.bytes_in_all = reader.bytes_in_all();
    std::string_view line;
    if (converter_->has_header()) converter_->header(reader.next(line) ? line : std::string_view(), file);
    std::int64_t log_time_ms = base::now_ms();
    while (reader.next(line)) {
        if (line.empty()) continue;
        RowConverter::Row row;
        const bool converted = converter_->convert(line, 0, row);
        if (converted && converter_->has_header()) {
            const std::int64_t before = occurrences.count(line, row.time_us, reader.line_number());
            if (before > 0) converter_->convert(line, before, row);
        }
        keep_pace(row.time_us, stop);
        if (reader.line_number() % lines_between_checks == 0 || options_.speed > 0) {
            log_time_ms = base::now_ms();
            if (stop.requested()) break;
        }
        appender_.add(converted ? row.key : std::string_view(), converted ? row.value : line, log_time_ms);
        ++report.records;
        report.unconverted += converted ? 0 : 1;
        report.without_price += converted && row.without_price ? 1 : 0;
        if (reader.line_number() % (lines_between_checks * 16) == 0) {
            report.bytes_read = reader.bytes_read();
            on_progress(report);
        }
    }
    appender_.flush();
    report.bytes_read = reader.bytes_read();
    on_progress(report);
    return report;
}

}  // namespace millrace::produce
