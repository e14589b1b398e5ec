#include "api/table_usage.h"

#include <fmt/format.h>

#include <cmath>

#include "base/log.h"
#include "gold/gold_tables.h"

namespace millrace::api {

namespace json = boost::json;

namespace {

constexpr auto disk_look_interval = std::chrono::seconds(30);
constexpr auto growth_window = std::chrono::hours(1);
constexpr auto min_growth_window = std::chrono::minutes(5);

}  // namespace

/// Looks at the disk, unless the last look was a moment ago.
void TableUsage::look() const {
    const auto now = Clock::now();
    if (!samples_.empty() && now - samples_.back().at < disk_look_interval) return;
    std::map<std::string, storage::DiskUsage> found;
    const auto add = [&](const std::string& name, const std::filesystem::path& root) {
        if (storage::DeltaTable::exists(root))
            found[name] = storage::disk_usage(storage::DeltaTable::open(root));
    };
    try {
        add("silver", data_.silver());
        add("quarantine", data_.quarantine());
        add("archive", data_.archive());
        for (const gold::Table table : gold::all_tables)
            add(fmt::format("gold.{}", gold::table_name(table)), data_.gold() / gold::table_name(table));
        tables_ = std::move(found);
    } catch (const std::exception& error) {
        spdlog::warn("looking at the tables' files: {} (the figures stay as they were)", error.what());
    }
    Sample sample{.at = now, .all = {}};
    for (const auto& [name, usage] : tables_) sample.all.add(usage.all());
    samples_.push_back(sample);
    while (now - samples_.front().at > growth_window) samples_.pop_front();
}

std::map<std::string, storage::DiskUsage> TableUsage::tables() const {
    const base::MutexLock lock(mutex_);
    look();
    return tables_;
}

json::object TableUsage::totals() const {
    const base::MutexLock lock(mutex_);
    look();
    const Sample& first = samples_.front();
    const Sample& last = samples_.back();
    const std::chrono::duration<double, std::ratio<3600>> hours = last.at - first.at;
    json::value growth;
    if (hours >= min_growth_window)
        growth = std::llround(static_cast<double>(last.all.bytes - first.all.bytes) / hours.count());
    return {{"files", last.all.files}, {"bytes", last.all.bytes}, {"bytes_per_hour", growth}};
}

void TableUsage::add_metrics(serve::MetricsText& text) const {
    const auto all = tables();
    const auto add = [&](std::int64_t storage::FilesOnDisk::* figure) {
        for (const auto& [name, usage] : all) {
            text.value(static_cast<double>(usage.live.*figure), {{"table", name}, {"kind", "live"}});
            text.value(static_cast<double>(usage.removed.*figure), {{"table", name}, {"kind", "removed"}});
            text.value(static_cast<double>(usage.log.*figure), {{"table", name}, {"kind", "log"}});
        }
    };
    if (all.empty()) return;
    text.gauge("millrace_table_files",
               "Files of the tables on disk: live ones, removed ones that wait for vacuum, and the log's.");
    add(&storage::FilesOnDisk::files);
    text.gauge("millrace_table_bytes", "Size of these files.");
    add(&storage::FilesOnDisk::bytes);
}

}  // namespace millrace::api
