#include "pipeline/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/worker_pool.h"
#include "catalog/table_locks.h"
#include "model/rule.h"
#include "model/time_zone.h"
#include "model/timestamp.h"
#include "pipeline/silver_run.h"
#include "silver/decoder.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace json = boost::json;

namespace {

constexpr std::size_t example_bytes = 200;

/// The beginning of a record, with control characters and invalid UTF-8 replaced.
std::string shown(std::string_view record) {
    std::size_t size = std::min(record.size(), example_bytes);
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(record[at]); };
    while (size < record.size() && size > 0 && (byte(size) & 0xC0U) == 0x80U)
        --size;  // so that no character is cut
    std::string text(record.substr(0, size));
    const bool is_utf8 = silver::is_utf8(text);
    for (char& c : text) {
        const auto value = static_cast<unsigned char>(c);
        if (value < 0x20 || value == 0x7F) c = ' ';
        if (value >= 0x80 && !is_utf8) c = '?';
    }
    return text;
}

/// One load, phase by phase.
class Load {
  public:
    using OnProgress = std::function<void(const LoadProgress&)>;

    Load(const catalog::DataDirectory& data, bronze::EventLog& log, const model::ShopSettings& settings,
         const LoadOptions& options, const base::StopSignal& stop, const OnProgress& on_progress)
        : data_(data),
          log_(log),
          settings_(settings),
          options_(options),
          stop_(stop),
          on_progress_(on_progress) {}

    LoadReport run();

  private:
    void tell_formats();
    void import_files();
    void run_silver();
    void note_quarantined(const std::vector<silver::LanePart>& parts);
    void add(const silver::BatchReport& batch);
    void find_days(storage::Version version_before);
    void run_gold();

    const catalog::DataDirectory& data_;
    bronze::EventLog& log_;
    const model::ShopSettings& settings_;
    const LoadOptions& options_;
    const base::StopSignal& stop_;
    const OnProgress& on_progress_;
    base::WorkerPool pool_;
    LoadReport report_;
};

LoadReport Load::run() {
    tell_formats();
    const catalog::WriterLease lease(data_);
    import_files();
    if (!stop_.requested()) run_silver();
    if (!stop_.requested()) run_gold();
    report_.is_stopped = stop_.requested();
    std::erase_if(report_.quarantined, [](const auto& rule) { return rule.second.records == 0; });
    return std::move(report_);
}

void Load::tell_formats() {
    for (const auto& path : options_.files)
        report_.files.push_back(
            {path.string(), options_.format ? *options_.format : produce::detect_file_format(path), {}});
}

void Load::import_files() {
    for (LoadReport::File& file : report_.files) {
        if (stop_.requested()) return;
        produce::Importer importer(log_, {.format = file.format,
                                          .speed = 0,
                                          .price_file = options_.price_file,
                                          .rules = data_.settings().rules});
        file.report = importer.import(file.path, stop_, [&](const produce::ImportReport& now) {
            const auto all = static_cast<double>(std::max<std::int64_t>(1, now.bytes_in_all));
            on_progress_({.phase = LoadProgress::Phase::import,
                          .file = file.path,
                          .share = static_cast<double>(now.bytes_read) / all,
                          .records = now.records});
        });
    }
}

void Load::run_silver() {
    silver::SilverOptions options;
    options.available_now = true;
    SilverRun silver(data_, log_, settings_, options, pool_);
    const storage::Version version_before = silver.table_version();
    std::int64_t processed = 0;
    silver.on_parts([&](const std::vector<silver::LanePart>& parts) { note_quarantined(parts); });
    silver.on_batch([&](const silver::BatchReport& batch) {
        add(batch);
        processed += batch.received;
        on_progress_({.phase = LoadProgress::Phase::silver,
                      .file = {},
                      .share = static_cast<double>(processed) /
                               static_cast<double>(std::max<std::int64_t>(1, processed + batch.lag)),
                      .records = processed});
    });
    on_progress_({.phase = LoadProgress::Phase::silver, .file = {}});
    silver.run(stop_);
    find_days(version_before);
}

/// Keeps the first record that broke each rule. Records are counted by add(), once their batch is committed.
void Load::note_quarantined(const std::vector<silver::LanePart>& parts) {
    for (const silver::LanePart& part : parts) {
        for (const silver::QuarantineRow& row : part.quarantine) {
            LoadReport::QuarantinedRule& broken =
                report_.quarantined[std::string(model::rule_name(row.rule))];
            if (!broken.reason.empty()) continue;
            broken.reason = row.field.empty() ? std::string(model::rule_text(row.rule))
                                              : fmt::format("{}: {}", row.field, model::rule_text(row.rule));
            broken.example = shown(row.value.value_or(""));
        }
    }
}

void Load::add(const silver::BatchReport& batch) {
    report_.rows += batch.silver;
    report_.duplicates += batch.duplicates;
    for (const auto& [rule, records] : batch.by_rule) report_.quarantined[rule].records += records;
}

/// Finds the days, in the shop's time zone, of the rows that were added after a version.
void Load::find_days(storage::Version version_before) {
    const auto table = storage::DeltaTable::open(data_.silver());
    const model::TimeZone zone(settings_.time_zone);
    const auto take = [&](const storage::AddFile& file) {
        const storage::FileStats stats(file);
        const auto first = stats.min_time("event_timestamp");
        const auto last = stats.max_time("event_timestamp");
        if (!first || !last) return;
        const gold::DayRange days{zone.day_of(*first), zone.day_of(*last)};
        if (!report_.days) report_.days = days;
        report_.days = {std::min(report_.days->from, days.from), std::max(report_.days->to, days.to)};
    };
    for (storage::Version version = version_before + 1; version <= table.snapshot().version; ++version) {
        const auto commit = table.read_commit(version);
        if (!commit) continue;
        for (const storage::AddFile& file : commit->adds) {
            if (file.data_change) take(file);
        }
    }
    if (report_.days) return;
    for (const auto& [path, file] : table.snapshot().files) take(file);
}

void Load::run_gold() {
    on_progress_({.phase = LoadProgress::Phase::gold, .file = {}});
    if (auto lock = catalog::gold_lock(data_); !lock.try_lock()) {
        report_.is_gold_elsewhere = true;
        return;
    }
    gold::GoldStageOptions gold = options_.gold;
    gold.available_now = true;
    gold.close = true;
    std::int64_t events = 0;
    gold::OpenWindowsChannel windows;
    publish::Publisher publisher(data_, options_.publish, windows);
    gold::GoldStage stage(data_, settings_, gold, pool_, {.windows = windows, .observer = &publisher});
    stage.run(stop_, [&](const gold::GoldReport& report) {
        events += report.events;
        on_progress_({.phase = LoadProgress::Phase::gold, .file = {}, .share = 0, .records = events});
    });
}

}  // namespace

LoadReport load(const catalog::DataDirectory& data, bronze::EventLog& log,
                const model::ShopSettings& settings, const LoadOptions& options, const base::StopSignal& stop,
                const std::function<void(const LoadProgress&)>& on_progress) {
    return Load(data, log, settings, options, stop, on_progress).run();
}

std::string dashboard_path(const std::optional<gold::DayRange>& days) {
    if (!days) return "/";
    return fmt::format("/#/overview?from={}&to={}", model::format_day(days->from),
                       model::format_day(days->to));
}

json::object LoadReport::to_json() const {
    json::array read;
    for (const File& file : files) {
        read.push_back(json::object{{"file", file.path},
                                    {"format", produce::file_format_name(file.format)},
                                    {"records", file.report.records},
                                    {"events", file.report.events},
                                    {"without_price", file.report.without_price}});
    }
    json::object broken;
    for (const auto& [rule, each] : quarantined)
        broken[rule] =
            json::object{{"records", each.records}, {"reason", each.reason}, {"example", each.example}};
    return {{"files", std::move(read)},
            {"silver", rows},
            {"duplicates", duplicates},
            {"quarantined", std::move(broken)},
            {"from", days ? json::value(model::format_day(days->from)) : json::value()},
            {"to", days ? json::value(model::format_day(days->to)) : json::value()},
            {"stopped", is_stopped}};
}

}  // namespace millrace::pipeline
