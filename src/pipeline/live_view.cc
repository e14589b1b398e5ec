#include "pipeline/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/clock.h"
#include "base/log.h"
#include "base/random_id.h"
#include "pipeline/alert_rows.h"
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
constexpr auto patience = std::chrono::milliseconds(3000);  // for Gold's answer
constexpr auto longest_query = std::chrono::seconds(90);    // that may still read a look's files

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

/// The tables of live.* that a query may use; all, where it is written in an unusual way.
gold::TableSet tables_of(std::string_view query) {
    constexpr std::string_view schema = "live";
    std::string text;
    for (const unsigned char c : query) {
        if (c != '"' && std::isspace(c) == 0) text += static_cast<char>(std::tolower(c));
    }
    gold::TableSet tables;
    for (auto at = text.find(schema); at != std::string::npos; at = text.find(schema, at + 1)) {
        const std::string_view rest = std::string_view(text).substr(at + schema.size());
        const auto named = std::ranges::find_if(gold::metric_tables, [&](gold::Table table) {
            return rest.starts_with(fmt::format(".{}", gold::table_name(table)));
        });
        if (named == gold::metric_tables.end())
            return {gold::metric_tables.begin(), gold::metric_tables.end()};
        tables.insert(*named);
    }
    return tables;
}

json::object size_of(const storage::DeltaTable& table) {
    std::int64_t bytes = 0;
    for (const auto& [path, add] : table.snapshot().files) bytes += add.size;
    return {
        {"files", table.snapshot().files.size()}, {"bytes", bytes}, {"version", table.snapshot().version}};
}

}  // namespace

LiveView::LiveView(const DataDirectory& data, OpenRows* open, Status status)
    : data_(data),
      open_(open),
      status_(std::move(status)),
      folder_(data.live() / base::random_id()),
      tables_(data) {
    forget_others();
    thread_ = std::thread([this] {
        while (!stop_.wait_for(between_states)) {
            if (!feed_->watched()) continue;
            try {
                feed_->publish(json::serialize(state()));
            } catch (const std::exception& error) {
                spdlog::warn("live figures: {}", error.what());
            }
        }
    });
}

/// Removes what processes that were killed have left; a running one would make its folder again.
void LiveView::forget_others() const {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(data_.live(), ignored)) {
        const auto age = std::filesystem::file_time_type::clock::now() - entry.last_write_time(ignored);
        if (age > std::chrono::hours(1)) std::filesystem::remove_all(entry.path(), ignored);
    }
}

LiveView::~LiveView() {
    stop_.request();
    thread_.join();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
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
        next_slow_ = steady_clock::now() + between_slow;
    }
    state["firing"] = firing_;
    state["tables"] = table_sizes_;
    return state;
}

/// Finds the alerts that fire now.
void LiveView::look_at_alerts() {
    tables_.look(alerts_path(data_), [this](const storage::DeltaTable& table) {
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
        tables_.look(root, [&](const storage::DeltaTable& table) { sizes[name] = size_of(table); });
    };
    add("silver", data_.silver());
    add("quarantine", data_.quarantine());
    for (const gold::Table table : gold::all_tables)
        add(fmt::format("gold.{}", gold::table_name(table)), data_.gold() / gold::table_name(table));
    return sizes;
}

/// From now on, queries read these rows of a table: those of files, and open ones, which are written beside
/// them as the table has them: Parquet, in folders by day.
void LiveView::adopt(gold::Table table, const std::vector<std::string>& closed, gold::TableRows& open) {
    const std::string_view name = gold::table_name(table);
    std::vector<std::string> files;
    for (const std::string& path : closed)
        files.push_back(std::filesystem::absolute(data_.gold() / name / path));
    const auto folder = folder_ / fmt::format("{}-{}", name, ++folders_);
    for (const auto& [day, rows] : open.take()) {
        const auto path = folder / fmt::format("day={}", model::format_day(day)) / "open.parquet";
        std::filesystem::create_directories(path.parent_path());
        storage::ParquetWriter writer(path, gold::table_layout(table));
        writer.write(*rows);
        writer.finish_unsynced();
        files.push_back(std::filesystem::absolute(path));
    }
    Look& look = looks_[table];
    if (!look.folder.empty()) replaced_.push_back({steady_clock::now(), look.folder});
    look.files = std::move(files);
    look.folder = folder;
}

void LiveView::forget_old() {
    const auto old = [now = steady_clock::now()](const Replaced& each) {
        return each.at + longest_query < now;
    };
    for (const Replaced& each : replaced_) {
        if (old(each)) std::filesystem::remove_all(each.folder);
    }
    std::erase_if(replaced_, old);
}

/// Looks at the tables that the query may use, those of which the last look is old.
void LiveView::look_again(std::string_view query) {
    if (open_ == nullptr) return;
    const auto began = steady_clock::now();
    gold::TableSet wanted = tables_of(query);
    std::erase_if(wanted, [&](gold::Table table) { return looks_[table].next > began; });
    if (wanted.empty()) return;
    auto look = open_->ask({.tables = wanted, .files = true}, patience);
    for (const gold::Table table : wanted) {
        looks_[table].next = steady_clock::now() + shortest_between_looks;
        if (look) adopt(table, look->files[table], look->open[table]);
    }
    if (!look) return;
    forget_old();
    const auto now = steady_clock::now();
    for (const gold::Table table : wanted)
        looks_[table].next = std::max(looks_[table].next, now + (now - began) * times_its_cost);
}

std::vector<serve::SqlView> LiveView::views(std::string_view query) {
    const std::lock_guard lock(mutex_);
    look_again(query);
    auto views = tables_.look();
    const std::size_t count = views.size();
    for (std::size_t i = 0; i < count; ++i) {
        constexpr std::string_view schema = "gold.";
        if (!views[i].name.starts_with(schema)) continue;
        serve::SqlView live = views[i];
        live.name = "live." + views[i].name.substr(schema.size());
        const auto known = std::ranges::find_if(looks_, [&](const auto& each) {
            return live.name.substr(schema.size()) == gold::table_name(each.first);
        });
        if (known != looks_.end() && !known->second.folder.empty()) live.files = known->second.files;
        views.push_back(std::move(live));
    }
    return views;
}

}  // namespace millrace::pipeline
