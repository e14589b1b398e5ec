#include "pipeline/live_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/log.h"
#include "pipeline/alert_rows.h"
#include "pipeline/event_span.h"
#include "pipeline/live_tables.h"
#include "serve/json_rows.h"
#include "storage/parquet_file.h"

namespace millrace::pipeline {

namespace json = boost::json;

namespace {

using std::chrono::steady_clock;

constexpr auto between_states = std::chrono::milliseconds(500);
constexpr auto between_slow = std::chrono::seconds(3);
constexpr auto shortest_between_looks = std::chrono::milliseconds(2000);
constexpr int times_its_cost =
    20;  // that a look at open rows is waited after: a twentieth of Gold's time at most
constexpr auto recently = std::chrono::seconds(15);  // that reports are asked for again within, while seen
constexpr auto patience = std::chrono::milliseconds(3000);  // for Gold's answer

/// The rows of the newest window of each grain.
json::object newest_windows(gold::TableRows& table) {
    json::object newest;
    for (const auto& [day, batch] : table.take()) {
        for (json::value& row : serve::json_rows(*batch)) {
            const json::object& object = row.as_object();
            if (object.at("window_start").as_int64() > base::now_ms()) continue;  // of a clock that is ahead
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

/// Of Gold's state, as it was kept last; 0: not yet.
std::int64_t state_bytes(const DataDirectory& data) {
    std::error_code none;
    const auto size = std::filesystem::file_size(data.gold() / "state.bin", none);
    return none ? 0 : static_cast<std::int64_t>(size);
}

json::object size_of(const storage::DeltaTable& table) {
    std::int64_t bytes = 0;
    for (const auto& [path, add] : table.snapshot().files) bytes += add.size;
    return {
        {"files", table.snapshot().files.size()}, {"bytes", bytes}, {"version", table.snapshot().version}};
}

}  // namespace

LiveView::LiveView(const DataDirectory& data, OpenRows* open, Status status)
    : data_(data), open_(open), status_(std::move(status)), scratch_(data.live()), tables_(data) {
    thread_ = std::thread([this] {
        while (!stop_.wait_for(between_states)) {
            if (!feed_->watched()) continue;
            try {
                feed_->publish(base::json_text(state()));
            } catch (const std::exception& error) {
                spdlog::warn("live figures: {}", error.what());
            }
        }
    });
}

LiveView::~LiveView() {
    stop_.request();
    thread_.join();
}

json::object LiveView::state() {
    static const gold::TableSet figures = {gold::Table::kpis, gold::Table::high_interest};
    json::object state{{"time", base::now_ms()}, {"gold", nullptr}};
    if (open_ != nullptr) {
        if (auto look = open_->ask({.tables = figures, .files = false}, patience)) {
            state["kpis"] = newest_windows(look->open[gold::Table::kpis]);
            state["high_interest"] = newest_windows(look->open[gold::Table::high_interest]);
            state["gold"] = {
                {"silver_version", look->silver_version},
                {"watermark",
                 look->watermark == gold::no_watermark ? json::value() : json::value(look->watermark / 1000)},
                {"late", look->late},
                {"state_bytes", state_bytes(data_)}};
        }
    }
    if (status_) state["pipeline"] = status_();
    const std::lock_guard lock(slow_mutex_);
    if (steady_clock::now() >= next_slow_) {
        look_at_alerts();
        table_sizes_ = tables();
        data_span_ = data_span();
        next_slow_ = steady_clock::now() + between_slow;
    }
    state["firing"] = firing_;
    state["tables"] = table_sizes_;
    state["data"] = data_span_;
    return state;
}

json::value LiveView::data_span() {
    std::optional<EventSpan> span;
    tables_.visit(data_.silver(),
                  [&](const storage::DeltaTable& table) { span = event_span(table.snapshot()); });
    return span ? json::value(span->to_json()) : json::value();
}

/// Finds the alerts that fire now.
void LiveView::look_at_alerts() {
    tables_.visit(alerts_path(data_), [this](const storage::DeltaTable& table) {
        if (table.snapshot().version == alerts_version_) return;
        std::map<std::string, model::Alert> alerts;
        for (model::Alert& alert : alerts_after(table, 0)) alerts[alert.id] = std::move(alert);
        firing_.clear();
        for (const auto& [id, alert] : alerts) {
            if (alert.state != model::Alert::State::firing) continue;
            firing_.push_back({{"alert_id", id},
                               {"rule", alert.rule},
                               {"subject", alert.subject},
                               {"severity", model::severity_name(alert.severity)},
                               {"at", alert.at / 1000},
                               {"message", alert.message}});
        }
        alerts_version_ = table.snapshot().version;
    });
}

json::object LiveView::tables() {
    json::object sizes;
    const auto add = [&](const std::string& name, const std::filesystem::path& root) {
        tables_.visit(root, [&](const storage::DeltaTable& table) { sizes[name] = size_of(table); });
    };
    add("silver", data_.silver());
    add("quarantine", data_.quarantine());
    for (const gold::Table table : gold::all_tables)
        add(fmt::format("gold.{}", gold::table_name(table)), data_.gold() / gold::table_name(table));
    return sizes;
}

/// From now on, queries read these rows of a table: those of files, and open ones, which are written as the
/// table has them: Parquet, in folders by day.
void LiveView::adopt(gold::Table table, const std::vector<serve::SqlView::File>& closed,
                     gold::TableRows& open) {
    const std::string_view name = gold::table_name(table);
    const auto folder = scratch_.path() / fmt::format("{}-{}", name, ++folders_);
    const auto remove_folder = [folder](const void*) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    };
    Look look{.files = {}, .lease = std::shared_ptr<const void>(nullptr, remove_folder)};
    const auto add = [&](const std::filesystem::path& path, const storage::PartitionValues& partition) {
        look.files.push_back({path.lexically_relative(data_.root()), partition});
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
    looks_[table] = std::move(look);
}

/// Which tables to look at now, for a query that uses some: when it is time, all that have been used lately,
/// at one moment; else those that are new among them.
gold::TableSet LiveView::due(const gold::TableSet& used) {
    const auto now = steady_clock::now();
    for (const gold::Table table : used) used_at_[table] = now;
    if (used.empty() || now < busy_until_) return {};
    if (now < next_look_) {
        gold::TableSet unknown = used;
        std::erase_if(unknown, [&](gold::Table table) { return looks_.contains(table); });
        return unknown;
    }
    gold::TableSet lately;
    for (const auto& [table, at] : used_at_) {
        if (at + recently >= now) {
            lately.insert(table);
        } else {
            looks_.erase(table);
        }
    }
    return lately;
}

void LiveView::look_again(const gold::TableSet& used) {
    if (open_ == nullptr) return;
    const gold::TableSet wanted = due(used);
    if (wanted.empty()) return;
    const auto began = steady_clock::now();
    auto look = open_->ask({.tables = wanted, .files = true}, patience);
    if (!look) {
        const auto now = steady_clock::now();
        busy_until_ = now + std::max<steady_clock::duration>(shortest_between_looks, 3 * (now - began));
        return;
    }
    next_look_ = std::max(next_look_, began + shortest_between_looks);
    for (const gold::Table table : wanted) adopt(table, look->files[table], look->open[table]);
    const auto now = steady_clock::now();
    next_look_ = std::max(next_look_, now + (now - began) * times_its_cost);
}

std::vector<serve::SqlView> LiveView::views(std::string_view query) {
    const std::lock_guard lock(mutex_);
    const gold::TableSet used = live_tables(query);
    look_again(used);
    auto views = tables_.look();
    for (auto& [table, view] : add_live_views(views)) {
        const auto look = looks_.find(table);
        if (look == looks_.end() || !used.contains(table)) continue;
        view->files = look->second.files;
        view->lease = look->second.lease;
    }
    return views;
}

}  // namespace millrace::pipeline
