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

void Importer::keep_pace(model::Timestamp time, const base::StopSignal& stop) {
    if (options_.speed <= 0 || time == model::Timestamp()) return;
    if (first_time_ == model::Timestamp()) {
        first_time_ = time;
        started_ = base::now();
    }
    const auto passed = static_cast<double>((time - first_time_).count());
    const model::Timestamp due =
        started_ + base::Duration(static_cast<std::int64_t>(passed / options_.speed));
    const base::Duration wait = due - base::now();
    if (wait.count() <= 0) return;
    appender_.flush();
    stop.wait_for(wait);
}

ImportReport Importer::import(const std::filesystem::path& file, const base::StopSignal& stop,
                              const std::function<void(const ImportReport&)>& on_progress) {
    LineReader reader(file);
    Occurrences occurrences(file);
    ImportReport report;
    report.bytes_in_all = reader.bytes_in_all();
    std::string_view line;
    if (converter_->has_header()) converter_->header(reader.next(line) ? line : std::string_view(), file);
    base::WallTime log_time = base::wall_time();
    while (reader.next(line)) {
        if (line.empty()) continue;
        RowConverter::Row row;
        const bool converted = converter_->convert(line, 0, row);
        if (converted && converter_->has_header()) {
            const std::int64_t before = occurrences.count(row.time, line, reader.line_number());
            if (before > 0) converter_->convert(line, before, row);
        }
        keep_pace(row.time, stop);
        if (reader.line_number() % lines_between_checks == 0 || options_.speed > 0) {
            log_time = base::wall_time();
            if (stop.requested()) break;
        }
        appender_.add(converted ? row.key : std::string_view(), converted ? row.value : line, log_time);
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
