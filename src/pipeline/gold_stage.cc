#include "pipeline/gold_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "pipeline/gold_state.h"
#include "pipeline/silver_rows.h"
#include "pipeline/table_locks.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

constexpr auto between_looks = std::chrono::milliseconds(5);
constexpr auto between_states = std::chrono::seconds(60);
constexpr std::int64_t most_unpublished_rows = 200'000;
/// Silver's files of before may be gone: vacuum doesn't wait for Gold any longer.
bool is_too_old(const storage::Commit& commit) {
    return std::chrono::milliseconds(base::now_ms() - commit.timestamp) >= longest_wait_for_gold;
}

constexpr auto between_tries = std::chrono::milliseconds(200);

}  // namespace

base::json::object GoldReport::to_json() const {
    return {{"silver_version", silver_version},
            {"events", events},
            {"rows", rows},
            {"late", late},
            {"watermark", watermark == gold::no_watermark ? "" : model::format_timestamp(watermark)},
            {"seconds", seconds}};
}

std::string GoldReport::line() const {
    return fmt::format(
        "silver version {}: {} events, {} rows published, {} late, watermark {}, {:.2f} s", silver_version,
        base::format_count(events), base::format_count(rows), base::format_count(late),
        watermark == gold::no_watermark ? "none" : model::format_timestamp(watermark), seconds);
}

GoldStage::GoldStage(const DataDirectory& data, const ShopSettings& settings, const GoldStageOptions& options,
                     base::WorkerPool& pool)
    : data_(data),
      settings_(settings),
      options_(options),
      pool_(pool),
      zone_(settings.time_zone),
      lock_(gold_lock(data)),
      silver_(storage::DeltaTable::open_or_create(data.silver(), *silver::silver_schema(),
                                                  silver::silver_partition_columns())),
      writer_(data, pool),
      gold_(fresh_gold()) {}

std::unique_ptr<gold::Gold> GoldStage::fresh_gold() {
    return std::make_unique<gold::Gold>(zone_, settings_.gold,
                                        [this](auto tasks) { pool_.run_all(std::move(tasks)); });
}

bool GoldStage::load_state() {
    const auto state = read_gold_state(state_path());
    if (!state || options_.rebuild) return false;
    if (state->silver_id != silver_.snapshot().metadata.id || state->settings != settings_.text() ||
        state->silver_version > silver_.snapshot().version)
        return false;
    const auto next = silver_.read_commit(state->silver_version + 1);
    if (state->silver_version < silver_.snapshot().version && (!next || is_too_old(*next))) return false;
    gold_->load(state->bytes);
    version_ = published_version_ = state->silver_version;
    closed_ = state->closed;
    watermark_ = state->watermark;
    if (!closed_) close_again();
    return true;
}

/// Goes on where the state on disk is, or begins anew.
void GoldStage::take_up(const base::StopSignal& stop) {
    silver_.refresh();
    writer_.refresh();
    if (!load_state()) start_over(stop);
}

/// Builds Gold from what silver holds now, day by day, so that no event is late. When it is stopped, the next
/// start begins anew.
void GoldStage::start_over(const base::StopSignal& stop) {
    if (silver_.snapshot().version > 0 || !silver_.snapshot().files.empty())
        spdlog::info("gold: built anew from silver's version {}", silver_.snapshot().version);
    std::filesystem::remove(state_path());
    writer_.clear();
    gold_ = fresh_gold();
    output_ = gold::Output();
    watermark_ = gold::no_watermark;
    std::map<std::string, std::vector<storage::AddFile>, std::less<>> days;
    for (const auto& [path, file] : silver_.snapshot().files)
        days[std::string(storage::partition_value(file, "event_date"))].push_back(file);
    version_ = silver_.snapshot().version;
    for (const auto& [day, files] : days) {
        if (stop.requested()) return;
        add(files);
        close_up_to(gold_->clock().at(0));
        if (output_.size() >= most_unpublished_rows)
            writer_.append(output_, -1);  // it would be cleared again
    }
    hear(news_of(silver_.snapshot()));
    writer_.append(output_, version_);
    published_version_ = version_;
    closed_ = false;
    save_state();
}

void GoldStage::add(const std::vector<storage::AddFile>& files) {
    read_silver_rows(silver_.root(), files, gold_->strings(), pool_, [this](const gold::Events& events) {
        gold_->add(events);
        report_.events += static_cast<std::int64_t>(events.rows.size());
    });
    gold_->tidy();
}

void GoldStage::close_at(gold::Timestamp watermark) {
    watermark_ = std::max(watermark_, watermark);
    gold_->close(watermark_, output_);
}

/// Closes what `clock` has passed by the lateness.
void GoldStage::close_up_to(gold::Timestamp clock) {
    if (clock == gold::no_watermark) return;
    close_at(clock - settings_.gold.lateness);
}

/// Closes what is open, as if the day after the newest event's were over, so that later days still count.
void GoldStage::close_all() {
    const gold::Timestamp newest = gold_->clock().newest();
    if (newest == gold::no_watermark) return;
    close_at(zone_.day_start(zone_.day_of(newest) + 2));
    closed_ = true;
}

/// Closes all where that was done before a restart, too: not all tables may have got their rows.
void GoldStage::close_again() {
    if (writer_.closed_version() != version_) return;
    publish([](const GoldReport&) {});
    close_all();
    writer_.drop_known(output_, version_, GoldWriter::Closing::request);
    publish([](const GoldReport&) {});
    save_state();
}

void GoldStage::hear(const std::vector<PartitionNews>& news) {
    for (const PartitionNews& each : news)
        gold_->clock().hear(each.partition, {each.committed_ms, each.caught_up});
}

/// Takes in silver's next commit; false when there is none.
bool GoldStage::step(const base::StopSignal& stop) {
    const auto commit = silver_.read_commit(version_ + 1);
    if (!commit) return false;
    if (commit->removes_data()) {
        spdlog::info("gold: silver was rebuilt");
        silver_ = storage::DeltaTable::open(silver_.root());
        start_over(stop);
        return true;
    }
    std::vector<storage::AddFile> files;
    std::ranges::copy_if(commit->adds, std::back_inserter(files), &storage::AddFile::data_change);
    if (!files.empty()) add(files);
    hear(news_of(*commit));
    close_up_to(gold_->clock().at(commit->timestamp));
    ++version_;
    closed_ = false;
    writer_.drop_known(output_, version_);
    close_again();
    return true;
}

void GoldStage::publish(const OnReport& on_report) {
    if (version_ == published_version_ && output_.size() == 0) return;
    report_.rows = output_.size();
    writer_.append(output_, version_,
                   closed_ ? GoldWriter::Closing::request : GoldWriter::Closing::watermark);
    published_version_ = version_;
    report_.silver_version = version_;
    report_.late = gold_->late();
    report_.watermark = watermark_;
    report_.seconds = work_.lap();
    on_report(report_);
    report_ = {};
}

/// Nothing of what the state stands for may be unpublished.
void GoldStage::save_state() {
    if (data_.has_settings() && data_.settings() != settings_)
        throw Error("keeping Gold's state", "the shop was given other settings meanwhile",
                    "Start again, with those settings.");
    write_gold_state(state_path(), {.silver_id = silver_.snapshot().metadata.id,
                                    .silver_version = version_,
                                    .settings = settings_.text(),
                                    .closed = closed_,
                                    .watermark = watermark_,
                                    .bytes = gold_->save()});
    base::fail_point("gold.state.saved");
}

/// Waits while another process runs the stage; false when it is time to end.
bool GoldStage::take_lock(const base::StopSignal& stop) {
    bool told = false;
    while (!lock_.try_lock()) {
        if (!std::exchange(told, true)) spdlog::info("gold: another process runs it; waiting for its turn");
        if (stop.wait_for(between_tries)) return false;
    }
    return true;
}

void GoldStage::run(const base::StopSignal& stop, const OnReport& on_report) {
    if (!take_lock(stop)) return;
    const std::lock_guard lock(lock_, std::adopt_lock);
    take_up(stop);
    if (!std::filesystem::exists(state_path())) return;  // it was stopped while Gold was built
    active_ = true;
    silver_.refresh();
    const std::int64_t goal = silver_.snapshot().version;
    auto next_publish = std::chrono::steady_clock::now() + options_.trigger;
    auto next_state = std::chrono::steady_clock::now() + between_states;
    std::int64_t saved_version = version_;
    while (!stop.requested()) {
        if (options_.available_now && version_ >= goal) break;
        const bool stepped = step(stop);
        if (stop.requested() && !std::filesystem::exists(state_path())) return;  // likewise
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_publish || output_.size() >= most_unpublished_rows) {
            publish(on_report);
            next_publish = now + options_.trigger;
            if (now >= next_state) {
                save_state();
                writer_.join_files(version_);
                saved_version = version_;
                next_state = now + between_states;
            }
        }
        if (!stepped && stop.wait_for(between_looks)) break;
    }
    if (options_.close && options_.available_now && !stop.requested()) close_all();
    publish(on_report);
    if (saved_version != version_ || options_.close) save_state();
    writer_.join_files(version_);
}

}  // namespace millrace::pipeline
