#include "api/live_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/event_span.h"
#include "api/live_tables.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/log.h"
#include "gold/stage/alert_rows.h"
#include "gold/stage/gold_status.h"
#include "serve/json_rows.h"
#include "storage/parquet_file.h"

namespace millrace::api {

namespace json = boost::json;

namespace {

using std::chrono::steady_clock;

constexpr auto look_interval = std::chrono::milliseconds(5);
constexpr auto idle_interval = std::chrono::milliseconds(50);  // while nobody subscribes
/// The shortest time between two states of the feed, and how much each subscriber adds to it.
constexpr auto shortest_pause = std::chrono::milliseconds(40);
constexpr auto pause_each = std::chrono::microseconds(2500);
/// The longest time between two states.
constexpr auto state_interval = std::chrono::milliseconds(500);
constexpr auto slow_interval = std::chrono::seconds(3);
constexpr auto min_refresh_interval = std::chrono::milliseconds(50);
/// The pause after a snapshot is 20 times as long as the snapshot took, so that snapshots use at most 5% of
/// the time of Gold's thread.
constexpr int refresh_cost_factor = 20;
/// How long a table is part of snapshots after its last query. A page that is visible requests its reports
/// more often than that.
constexpr auto table_ttl = std::chrono::seconds(15);
constexpr auto request_timeout = std::chrono::milliseconds(3000);  // time for Gold to reply

/// Returns the rows of the newest window of each grain.
json::object newest_windows(gold::TableRows& table) {
    json::object newest;
    for (const auto& [day, batch] : table.take()) {
        for (json::value& row : serve::json_rows(*batch)) {
            const json::object& object = row.as_object();
            // Skips windows in the future, which a wrong device clock causes.
            if (object.at("window_start").as_int64() > base::to_ms(base::wall_time())) continue;
            json::value& rows = newest[object.at("grain").as_string()];
            if (rows.is_null()) rows.emplace_array();
            json::array& kept = rows.as_array();
            const auto start = object.at("window_start").as_int64();
            if (!kept.empty()) {
                const auto known = kept.front().at("window_start").as_int64();
                if (start < known) continue;
                if (start > known) kept.clear();
            }
            kept.push_back(std::move(row));
        }
    }
    return newest;
}

/// Returns the size of Gold's state as it was last saved, or 0 if it was not saved yet.
std::int64_t state_bytes(const catalog::DataDirectory& data) {
    std::error_code none;
    const auto size = std::filesystem::file_size(data.gold_state(), none);
    return none ? 0 : static_cast<std::int64_t>(size);
}

json::object size_of(const storage::DeltaTable& table) {
    std::int64_t bytes = 0;
    for (const auto& [path, add] : table.snapshot().files) bytes += add.size;
    return {{"files", table.snapshot().files.size()},
            {"bytes", bytes},
            {"version", table.snapshot().version.value()}};
}

}  // namespace

LiveView::LiveView(const catalog::DataDirectory& data, gold::OpenWindowsChannel* open,
                   const silver::UncommittedRows* uncommitted, Status status)
    : data_(data),
      open_(open),
      status_(std::move(status)),
      scratch_(data.live()),
      tables_(data),
      silver_(data, uncommitted, scratch_.path()),
      usage_(data),
      thread_([this] { follow(); }) {}

LiveView::~LiveView() {
    stop_.request();
    thread_.join();
}

/// Publishes the figures when they have changed. The pace leaves Gold's thread 95% of its time, unless a
/// snapshot takes more than 25 ms, and sends at most 400 messages a second to the subscribers.
void LiveView::follow() {
    std::uint64_t seen = 0;
    auto published = steady_clock::now() - state_interval;
    auto pause = steady_clock::duration(shortest_pause);
    while (!stop_.wait_for(feed_->watchers() == 0 ? idle_interval : look_interval)) {
        const auto subscribers = feed_->watchers();
        const auto now = steady_clock::now();
        if (subscribers == 0 ||
            now - published < std::max<steady_clock::duration>(pause, subscribers * pause_each))
            continue;
        const std::uint64_t changes = open_ == nullptr ? 0 : open_->changes();
        if (changes == seen && now - published < state_interval) continue;
        seen = changes;
        published = now;
        try {
            feed_->publish(base::json_text(state()));
        } catch (const std::exception& error) {
            spdlog::warn("live figures: {}", error.what());
        }
        pause = std::clamp<steady_clock::duration>(snapshot_took_.load() * refresh_cost_factor,
                                                   shortest_pause, state_interval);
    }
}

json::object LiveView::state() {
    static const gold::TableSet figures = {gold::Table::kpis, gold::Table::high_interest};
    json::object state{{"time", base::to_ms(base::wall_time())}, {"gold", nullptr}};
    std::optional<std::vector<model::Alert>> now_firing;
    if (open_ != nullptr) {
        if (auto snapshot = open_->request({.tables = figures, .files = false}, request_timeout)) {
            snapshot_took_ = snapshot->took;
            now_firing = std::move(snapshot->firing);
            state["kpis"] = newest_windows(snapshot->open[gold::Table::kpis]);
            state["high_interest"] = newest_windows(snapshot->open[gold::Table::high_interest]);
            state["gold"] = {
                {"silver_version", snapshot->silver_version.value()},
                {"watermark", snapshot->watermark == gold::no_watermark
                                  ? json::value()
                                  : json::value(base::to_ms(model::to_wall_time(snapshot->watermark)))},
                {"late", snapshot->late},
                {"state_bytes", state_bytes(data_)}};
        }
    }
    json::value correcting;
    if (status_) {
        json::object pipeline = status_();
        if (const auto* known = pipeline.if_contains("correcting")) correcting = *known;
        pipeline.erase("correcting");
        state["pipeline"] = std::move(pipeline);
    }
    const base::MutexLock lock(slow_mutex_);
    if (steady_clock::now() >= next_slow_) {
        read_alerts();
        read_silences();
        table_sizes_ = tables();
        disk_ = usage_.totals();
        data_span_ = data_span();
        if (correcting.is_null()) correcting_ = gold::late_days(data_).shown();
        next_slow_ = steady_clock::now() + slow_interval;
    }
    state["firing"] = show_firing(now_firing ? *now_firing : firing_);
    state["tables"] = table_sizes_;
    state["disk"] = disk_;
    state["data"] = data_span_;
    state["correcting"] = correcting.is_null() ? json::value(correcting_) : std::move(correcting);
    return state;
}

json::value LiveView::data_span() {
    std::optional<EventSpan> span;
    tables_.visit(data_.silver(),
                  [&](const storage::DeltaTable& table) { span = event_span(table.snapshot()); });
    return span ? json::value(span->to_json()) : json::value();
}

/// A damaged file of silences must not end the feed: its alerts count as firing, and the log says why, once.
void LiveView::read_silences() {
    std::string fault;
    try {
        silences_ = publish::read_silences(data_, base::wall_time());
    } catch (const Error& error) {
        silences_.clear();
        fault = error.what();
    }
    if (fault != silences_fault_ && !fault.empty()) spdlog::warn("live: {}", fault);
    silences_fault_ = std::move(fault);
}

/// Reads the alerts that are firing from the table, which has their values and texts as they fired.
void LiveView::read_alerts() {
    const auto read = [this](const storage::DeltaTable& table) MILLRACE_REQUIRES(slow_mutex_) {
        if (table.snapshot().version == alerts_version_) return;
        std::map<std::string, model::Alert> alerts;
        for (model::Alert& alert : gold::alerts_after(table, model::AlertSequence(0)))
            alerts[alert.id] = std::move(alert);
        firing_.clear();
        for (auto& [id, alert] : alerts) {
            if (alert.state == model::Alert::State::firing) firing_.push_back(std::move(alert));
        }
        alerts_version_ = table.snapshot().version;
    };
    tables_.visit(gold::alerts_path(data_), read);
}

/// Shows alerts that are firing. Those of Gold in this process have their present values and texts.
json::array LiveView::show_firing(const std::vector<model::Alert>& alerts) const {
    json::array firing;
    for (const model::Alert& alert : alerts) {
        firing.push_back({{"alert_id", alert.id},
                          {"rule", alert.rule},
                          {"subject", alert.subject},
                          {"severity", model::severity_name(alert.severity)},
                          {"at", base::to_ms(model::to_wall_time(alert.at))},
                          {"message", alert.message},
                          {"value", alert.value},
                          {"threshold", alert.threshold},
                          {"unit", alert.unit},
                          {"silenced", publish::is_silenced(alert, silences_)}});
    }
    return firing;
}

json::object LiveView::tables() {
    const auto usage = usage_.tables();
    json::object sizes;
    const auto add = [&](const std::string& name, const std::filesystem::path& root) {
        tables_.visit(root, [&](const storage::DeltaTable& table) { sizes[name] = size_of(table); });
        const auto found = usage.find(name);
        if (!sizes.contains(name) || found == usage.end()) return;
        const storage::FilesOnDisk all = found->second.all();
        sizes[name].as_object()["disk_files"] = all.files;
        sizes[name].as_object()["disk_bytes"] = all.bytes;
    };
    add("silver", data_.silver());
    add("quarantine", data_.quarantine());
    for (const gold::Table table : gold::all_tables)
        add(fmt::format("gold.{}", gold::table_name(table)), data_.gold() / gold::table_name(table));
    return sizes;
}

/// Makes queries read these rows of a table: its files, and the open rows, which are written as Parquet into
/// directories by day, like the table.
void LiveView::adopt(gold::Table table, const std::vector<serve::SqlView::File>& closed,
                     gold::TableRows& open) {
    const std::string_view name = gold::table_name(table);
    const auto folder = scratch_.path() / fmt::format("{}-{}", name, ++folders_);
    const auto remove_folder = [folder](const void*) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    };
    TableFiles files{.files = {}, .lease = std::shared_ptr<const void>(nullptr, remove_folder)};
    const auto add = [&](const std::filesystem::path& path, const storage::PartitionValues& partition) {
        files.files.push_back({path.lexically_relative(data_.root()), partition});
    };
    for (const auto& file : closed) add(data_.gold() / name / file.path, file.partition);
    for (const auto& [day, rows] : open.take()) {
        const storage::PartitionValues partition = {{"day", model::format_day(day)}};
        const auto path = folder / storage::partition_directory(partition) / "open.parquet";
        std::filesystem::create_directories(path.parent_path());
        storage::ParquetWriter writer(path, gold::table_layout(table));
        writer.write(*rows);
        writer.finish_unsynced();
        add(path, partition);
    }
    snapshots_[table] = std::move(files);
}

/// Returns the tables to request for a query that uses `used`. If the next snapshot is due, these are all
/// recently used tables, so that they come from the same snapshot. Otherwise, they are the used tables that
/// have no snapshot yet.
gold::TableSet LiveView::tables_to_refresh(const gold::TableSet& used) {
    const auto now = steady_clock::now();
    for (const gold::Table table : used) used_at_[table] = now;
    if (used.empty() || now < busy_until_) return {};
    if (now < next_refresh_) {
        gold::TableSet unknown = used;
        for (const auto& [table, files] : snapshots_) unknown.erase(table);
        return unknown;
    }
    gold::TableSet lately;
    for (const auto& [table, at] : used_at_) {
        if (at + table_ttl >= now) {
            lately.insert(table);
        } else {
            snapshots_.erase(table);
        }
    }
    return lately;
}

void LiveView::refresh(const gold::TableSet& used) {
    if (open_ == nullptr) return;
    const gold::TableSet wanted = tables_to_refresh(used);
    if (wanted.empty()) return;
    const auto began = steady_clock::now();
    auto snapshot = open_->request({.tables = wanted, .files = true}, request_timeout);
    if (!snapshot) {
        const auto now = steady_clock::now();
        busy_until_ = now + std::max<steady_clock::duration>(min_refresh_interval, 3 * (now - began));
        return;
    }
    next_refresh_ = std::max(next_refresh_, began + min_refresh_interval);
    for (const gold::Table table : wanted) adopt(table, snapshot->files[table], snapshot->open[table]);
    const auto now = steady_clock::now();
    next_refresh_ = std::max(next_refresh_, now + (now - began) * refresh_cost_factor);
}

std::vector<serve::SqlView> LiveView::views(std::string_view query) {
    auto views = live_views(query);
    const auto& silver = *std::ranges::find(views, "silver", &serve::SqlView::name);
    auto live_silver = uses_live_silver(query) ? silver_.view(silver, tables_) : LiveSilver::listed(silver);
    views.push_back(std::move(live_silver));
    return views;
}

/// Returns all views but live.silver.
std::vector<serve::SqlView> LiveView::live_views(std::string_view query) {
    const base::MutexLock lock(mutex_);
    const gold::TableSet used = live_tables(query);
    refresh(used);
    auto views = tables_.views();
    for (auto& [table, view] : add_live_views(views)) {
        const auto found = snapshots_.find(table);
        if (found == snapshots_.end() || !used.contains(table)) continue;
        view->files = found->second.files;
        view->lease = found->second.lease;
    }
    return views;
}

}  // namespace millrace::api
