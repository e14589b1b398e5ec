#include "produce/importer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/derived_id.h"
#include "base/units.h"
#include "bronze/origin.h"
#include "model/rule.h"

namespace millrace::produce {

namespace {

constexpr std::int64_t messages_between_checks = 4096;
constexpr std::int64_t messages_before_warning = 100;
constexpr std::string_view import_request = "import";  // stands for an Idempotency-Key

/// Returns whether a JSON message seems to have an id of its own.
bool has_id(std::string_view message) {
    return message.find(R"("event_id")") != std::string_view::npos ||
           message.find(R"("messageId")") != std::string_view::npos;
}

/// Warns when nothing of a file's beginning will get to Silver: most likely, the format is another one.
void warn_of_format(const std::filesystem::path& file, const ImportOptions& options,
                    const ImportReport& report) {
    if (report.events > 0 || report.ignored > 0 || report.refused.empty()) return;
    const auto& [rule, refusal] = *report.refused.begin();
    spdlog::warn("{}: all of the first {} will be quarantined when they are read as {}: {} in line {} ({})",
                 file.string(), base::format_counted(report.records, "message"),
                 file_format_name(options.format), rule, refusal.line, refusal.reason);
}

}  // namespace

Importer::Importer(bronze::EventLog& log, const ImportOptions& options)
    : options_(options),
      appender_(log),
      prices_(options.price_file.empty() ? PriceList() : PriceList(options.price_file)),
      types_(options.rules.max_event_types),
      checker_(options_.rules, types_) {}

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

/// Counts what will become of a message.
void Importer::count(std::span<silver::Item> items, std::int64_t line, ImportReport& report) {
    ++report.records;
    ++report.by_format[std::string(decoder_.format())];
    for (silver::Item& item : items) {
        if (item.ignored.empty() && item.verdict.ok()) {
            if (options_.format == FileFormat::retailrocket && !item.event.price) ++report.without_price;
            item.verdict = checker_.check(item.event, log_time_);
        }
        if (!item.ignored.empty()) {
            ++report.ignored;
        } else if (item.verdict.ok()) {
            ++report.events;
        } else {
            auto& refusal = report.refused[std::string(model::rule_name(item.verdict.rule))];
            if (refusal.items++ > 0) continue;
            refusal.line = line;
            refusal.reason = fmt::format("{}{}{}", item.verdict.field, item.verdict.field.empty() ? "" : ": ",
                                         model::rule_text(item.verdict.rule));
        }
    }
}

/// Appends a message with what its decoding needs in the record's headers.
void Importer::append(std::string_view message, MessageReader& reader, Occurrences& occurrences,
                      ImportReport& report) {
    const bool is_csv = !reader.header().empty();
    bronze::Origin origin;
    origin.format = record_format(options_.format);
    if (is_csv) origin.columns = reader.header();
    bronze::Record record{};
    record.value = message;
    record.timestamp = log_time_;
    auto items = decoder_.decode(record, origin, {});
    const silver::Item& first = items.front();
    time_ = first.verdict.ok() ? first.event.timestamp : model::Timestamp();
    const std::string key(first.event.user_id);
    std::string place;
    std::string shared;
    if (time_ != model::Timestamp()) {
        const std::int64_t before = occurrences.count(time_, message, reader.line_number());
        if (is_csv) {
            place = std::to_string(before);
        } else if (!has_id(message)) {
            place = base::derived_id({message, std::to_string(before)});
            origin.request = import_request;
        }
        if (!place.empty()) origin.place = place;
    }
    if (options_.format == FileFormat::retailrocket && first.event.product_id) {
        if (const auto price = prices_.find(std::string(*first.event.product_id))) {
            shared = fmt::format(R"({{"price":{}}})", *price);
            origin.shared = shared;
            items = decoder_.decode(record, origin, {});
        }
    }
    count(items, reader.line_number(), report);
    appender_.add(key.empty() ? std::string_view() : key, message, log_time_, bronze::origin_headers(origin));
}

ImportReport Importer::import(const std::filesystem::path& file, const base::StopSignal& stop,
                              const std::function<void(const ImportReport&)>& on_progress) {
    MessageReader reader(file, options_.format);
    Occurrences occurrences(file);
    ImportReport report;
    report.bytes_in_all = reader.bytes_in_all();
    log_time_ = base::wall_time();
    std::string_view message;
    while (reader.next(message)) {
        if (report.records % messages_between_checks == 0 || options_.speed > 0) {
            log_time_ = base::wall_time();
            if (stop.requested()) break;
        }
        append(message, reader, occurrences, report);
        if (report.records == messages_before_warning) warn_of_format(file, options_, report);
        keep_pace(time_, stop);
        if (report.records % (messages_between_checks * 16) == 0) {
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
