#include "gold/stage/gold_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "catalog/table_locks.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/silver_reader.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"

namespace millrace::gold {

namespace {

constexpr auto poll_interval = std::chrono::milliseconds(5);
constexpr auto note_interval = std::chrono::seconds(1);
constexpr auto state_interval = std::chrono::seconds(60);
constexpr std::int64_t max_unpublished_rows = 200'000;
constexpr std::size_t max_ticks = 60;
/// Silver's files of before may be gone: vacuum doesn't wait for Gold any longer.
bool is_too_old(const storage::Commit& commit) {
    return std::chrono::milliseconds(base::now_ms() - commit.timestamp) >= max_wait_for_gold;
}

constexpr auto retry_interval = std::chrono::milliseconds(200);
bool are_there(const std::filesystem::path& root, const std::vector<storage::AddFile>& files) {
    return std::ranges::all_of(files,
                               [&](const auto& file) { return std::filesystem::exists(root / file.path); });
}

PipelineHealth intake_of(const std::vector<catalog::PartitionStatus>& news, Timestamp newest) {
    PipelineHealth intake{.newest = newest};
    for (const catalog::PartitionStatus& each : news) {
        intake.committed_ms = std::max(intake.committed_ms, each.committed_ms);
        intake.partitions.push_back({each.partition, each.received, each.quarantined, each.behind});
    }
    return intake;
}

}  // namespace

base::json::object GoldReport::to_json() const {
    return {{"silver_version", silver_version},
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
                                              : fmt::format(" ({} of them provisional: of open windows)",
                                                            base::format_count(provisional));
    return fmt::format("silver version {}: {} events, {} rows published{}, {} late, watermark {}, {:.2f} s",
                       silver_version, base::format_count(events), base::format_count(rows), open,
                       base::format_count(late),
                       watermark == no_watermark ? "none" : model::format_timestamp(watermark), seconds);
}

GoldStage::GoldStage(const catalog::DataDirectory& data, const model::ShopSettings& settings,
                     const GoldStageOptions& options, base::WorkerPool& pool, Links links)
    : data_(data),
      settings_(settings),
      options_(options),
      pool_(pool),
      links_(links),
      zone_(settings.time_zone),
      lock_(catalog::gold_lock(data)),
      silver_(storage::DeltaTable::open_or_create(data.silver(), *silver::silver_schema(),
                                                  silver::silver_partition_columns())),
      writer_(data, pool),
      state_writer_(state_path(), lock_),
      ticks_(data.gold() / "ticks.json"),
      gold_(fresh_gold()) {}

GoldStage::~GoldStage() {
    links_.windows.close();
}

std::unique_ptr<Gold> GoldStage::fresh_gold() {
    return std::make_unique<Gold>(zone_, settings_.gold,
                                  [this](auto tasks) { pool_.run_all(std::move(tasks)); });
}

bool GoldStage::load_state() {
    if (options_.rebuild) return false;
    const auto known = read_gold_position(state_path());
    if (!known && std::filesystem::exists(state_path())) warn_of_unusable_state(state_path());
    if (!known || known->silver_id != silver_.snapshot().metadata.id ||
        known->settings != catalog::settings_text(settings_) ||
        known->silver_version > silver_.snapshot().version)
        return false;
    const auto next = silver_.read_commit(known->silver_version + 1);
    if (known->silver_version < silver_.snapshot().version && (!next || is_too_old(*next))) return false;
    if (!read_gold_state(state_path(), [this](std::istream& stream) { gold_->load(stream); })) return false;
    version_ = reported_version_ = saved_version_ = known->silver_version;
    watermark_ = known->watermark;
    gold_->alerts().published(writer_.alerts_sequence());
    replay_ticks();
    adopt_rules();
    return true;
}

/// Goes on where the state on disk is, or begins anew.
void GoldStage::resume(const base::StopSignal& stop) {
    remove_unfinished_states(state_path());
    silver_.refresh();
    writer_.refresh();
    const bool whole = writer_.withdraw_provisional() && ticks_.load();
    if (!whole || !load_state()) rebuild(stop);
}

/// Builds Gold from what silver holds now, day by day, so that no event is late. When it is stopped, the next
/// start begins anew.
void GoldStage::rebuild(const base::StopSignal& stop) {
    silver_ = storage::DeltaTable::open(silver_.root());
    if (silver_.snapshot().version > 0 || !silver_.snapshot().files.empty())
        spdlog::info("gold: built anew from silver's version {}", silver_.snapshot().version);
    state_writer_.wait();  // or it would put back what is removed
    (void)state_writer_.written();
    std::filesystem::remove(state_path());
    base::sync_directory(data_.gold());
    writer_.clear();
    // They were told before, if in a table that was lost.
    const bool again = options_.rebuild || writer_.alerts_sequence() > 0;
    gold_ = fresh_gold();
    gold_->alerts().number_from(writer_.alerts_sequence());
    gold_->alerts().adopt(options_.alert_rules);
    ticks_.clear();
    output_ = Output();
    watermark_ = no_watermark;
    std::map<std::string, std::vector<storage::AddFile>, std::less<>> days;
    for (const auto& [path, file] : silver_.snapshot().files)
        days[std::string(storage::partition_value(file, "event_date"))].push_back(file);
    version_ = silver_.snapshot().version;
    Timestamp newest = 0;
    for (const auto& [day, files] : days) {
        if (stop.requested()) return;
        newest = std::max(newest, add(files, [this](Timestamp left) { pass(left); }));
        pass(end_of_time);
    }
    const auto news = catalog::read_status(silver_.snapshot());
    observe(news);
    if (!news.empty()) gold_->alerts().begin(intake_of(news, newest));
    publish();
    reported_version_ = version_;
    report_.latency_ms = 0;  // these events have waited for Gold to be built, not in it
    save_state();
    publish_alerts(again);
}

/// Closes and judges what the clock has passed while Gold is built, up to the earliest event that is left.
void GoldStage::pass(Timestamp left) {
    const Timestamp clock = gold_->clock().at(0);
    if (clock == no_watermark) return;
    close_at(std::min(left, clock - settings_.gold.lateness));
    gold_->alerts().judge(std::min(left, clock));
    // It would be cleared again.
    if (output_.size() >= max_unpublished_rows) report_.rows += writer_.append(output_, -1);
}

/// Takes the rows of `files` in, some at a time, and returns the log time of the newest. Then it calls `then`
/// with the earliest event time that is left.
Timestamp GoldStage::add(const std::vector<storage::AddFile>& files,
                         const std::function<void(Timestamp)>& then) {
    Timestamp newest = 0;
    const auto take_some = [&](const Events& events, Timestamp left) {
        take(events);
        newest = std::max(newest, events.newest);
        then(left);
        gold_->collect_garbage();
    };
    read_silver_rows(silver_.root(), files, gold_->strings(), pool_, take_some);
    return newest;
}

void GoldStage::take(const Events& events) {
    gold_->add(events);
    report_.events += static_cast<std::int64_t>(events.rows.size());
    report_.latency_ms =
        std::max(report_.latency_ms, static_cast<double>(base::now_us() - events.oldest) / 1e3);
}

/// The same for the rows of a commit that silver has handed over.
Timestamp GoldStage::add_handed(silver::CommitQueue::Columns columns) {
    handed_.clear();
    for (const auto& each : columns)
        read_events(*each->batch(0), each->event_type(), gold_->strings(), handed_);
    links_.commits->recycle(std::move(columns));
    if (handed_.rows.empty()) return 0;
    take(handed_);
    gold_->collect_garbage();
    return handed_.newest;
}

void GoldStage::close_at(Timestamp watermark) {
    watermark_ = std::max(watermark_, watermark);
    gold_->close(watermark_, output_);
}

/// Closes what `clock` has passed by the lateness.
void GoldStage::close_up_to(Timestamp clock) {
    if (clock == no_watermark) return;
    close_at(clock - settings_.gold.lateness);
}

void GoldStage::observe(const std::vector<catalog::PartitionStatus>& news) {
    for (const catalog::PartitionStatus& each : news)
        gold_->clock().observe(each.partition, {each.committed_ms, each.behind == 0});
}

/// Other rules hold from where the alerts of the rules before are published, so that a restart doesn't change
/// those; and from there in the state, too.
void GoldStage::adopt_rules() {
    if (version_ < writer_.alerts_version() || gold_->alerts().rules() == options_.alert_rules) return;
    gold_->alerts().adopt(options_.alert_rules);
    publish();
    save_state();
}

/// Lets log time stand in while nothing comes.
void GoldStage::tick() {
    const std::int64_t now = base::now_ms();
    if (!gold_->alerts().tick_due(now)) return;
    adopt_rules();
    ticks_.add({version_, now});
    gold_->alerts().tick(now);
}

/// Those that came at this version before a restart.
void GoldStage::replay_ticks() {
    for (const IdleTickLog::Tick& tick : ticks_.after(version_)) gold_->alerts().tick(tick.now_ms);
    gold_->alerts().published(writer_.alerts_sequence());
}

/// The open windows as they stand, for a reader. Rows that are published provisionally are in the tables.
OpenWindowsSnapshot GoldStage::snapshot(const OpenWindowsChannel::Request& request) const {
    OpenWindowsSnapshot snapshot{.watermark = watermark_, .silver_version = version_, .late = gold_->late()};
    if (!published_provisional_) gold_->peek(snapshot.open, request.tables);
    if (request.files) {
        for (const Table table : request.tables) {
            for (const auto& [path, add] : writer_.table(table).snapshot().files)
                snapshot.files[table].push_back({path, add.partition_values});
        }
    }
    return snapshot;
}

/// Replies to the reader who waits for the open windows. Where it asks for files, closed windows are
/// published first, so that files and open windows together are complete.
void GoldStage::reply_to_readers(const OnReport& on_report) {
    const auto request = links_.windows.pending();
    if (!request) return;
    const auto has_closed = [this](Table table) { return output_[table].size() > 0; };
    if (request->files && std::ranges::any_of(request->tables, has_closed)) {
        publish();
        report(on_report);
    }
    links_.windows.reply(*request, snapshot(*request));
}

void GoldStage::note_published() {
    PublishedVersions published{.tables = {}, .last_alert = writer_.alerts_sequence()};
    for (const Table table : all_tables)
        published.tables[table] = std::as_const(writer_).table(table).snapshot().version;
    const std::lock_guard lock(published_mutex_);
    published_ = std::move(published);
}

/// Publishes the changes of alerts that aren't.
void GoldStage::publish_alerts(bool quiet) {
    Alerts& alerts = gold_->alerts();
    if (alerts.unpublished().empty()) return;
    TableRows rows(Table::alerts);
    for (const model::Alert& alert : alerts.unpublished())
        write_alert(alert, rows.add(zone_.day_of(alert.at)));
    const std::int64_t last = alerts.unpublished().back().sequence;
    report_.rows += rows.size();
    writer_.append_alerts(rows, version_, last, quiet);
    alerts.published(last);
}

/// Begins anew where the next commit can't come any more: the table is another one, or its commits were
/// cleaned up before they were taken in.
void GoldStage::look_after_silver(const base::StopSignal& stop) {
    const auto now = storage::DeltaTable::open(silver_.root());
    const bool same = now.snapshot().metadata.id == silver_.snapshot().metadata.id;
    if (same && (now.snapshot().version <= version_ || silver_.read_commit(version_ + 1))) return;
    spdlog::warn("gold: silver {}",
                 same ? "has no commits any more that weren't taken in" : "is another table now");
    rebuild(stop);
}

/// Takes in silver's next commit; false when there is none.
bool GoldStage::step(const base::StopSignal& stop) {
    const auto commit = silver_.read_commit(version_ + 1);
    if (!commit) return false;
    adopt_rules();
    if (commit->removes_data()) {
        spdlog::info("gold: silver was rebuilt");
        rebuild(stop);
        return true;
    }
    Timestamp newest = 0;
    if (auto handed = links_.commits != nullptr ? links_.commits->pop(version_ + 1) : std::nullopt) {
        newest = add_handed(std::move(*handed));
    } else {
        std::vector<storage::AddFile> files;
        std::ranges::copy_if(commit->adds, std::back_inserter(files), &storage::AddFile::data_change);
        if (!are_there(silver_.root(), files)) {
            spdlog::warn("gold: files of silver's version {} are gone", version_ + 1);
            rebuild(stop);
            return true;
        }
        if (!files.empty()) newest = add(files);
    }
    const auto news = catalog::read_status(*commit);
    observe(news);
    const Timestamp clock = gold_->clock().at(commit->timestamp);
    close_up_to(clock);
    gold_->alerts().judge(clock);
    if (!news.empty()) gold_->alerts().judge(intake_of(news, newest));
    ++version_;
    writer_.drop_known(output_, version_);
    replay_ticks();
    return true;
}

/// Publishes what is closed.
void GoldStage::publish() {
    report_.rows += writer_.append(output_, version_);
}

/// Publishes what is open, as it stands. The state on disk holds it open still, and no watermark moves.
void GoldStage::publish_provisional() {
    Output open;
    gold_->peek(open, all_metrics());
    report_.provisional = writer_.append_provisional(open, version_);
    report_.rows += report_.provisional;
    published_provisional_ = true;
}

void GoldStage::report(const OnReport& on_report) {
    if (version_ == reported_version_ && report_.events == 0 && report_.rows == 0) return;
    report_.silver_version = reported_version_ = version_;
    report_.late = gold_->late();
    report_.watermark = watermark_;
    report_.seconds = work_.lap();
    on_report(report_);
    report_ = {};
}

GoldPosition GoldStage::position() const {
    return {.silver_id = silver_.snapshot().metadata.id,
            .silver_version = version_,
            .settings = catalog::settings_text(settings_),
            .watermark = watermark_};
}

/// Keeps the state, of which nothing but alerts may be unpublished.
void GoldStage::save_state() {
    lock_.check_in_place();
    state_writer_.wait();
    if (data_.has_settings() && data_.settings() != settings_)
        throw Error("keeping Gold's state", "the shop was given other settings meanwhile",
                    "Start again, with those settings.");
    write_gold_state(state_path(), position(), [this](std::ostream& stream) { gold_->save(stream); });
    saved_version_ = version_;
    ticks_.forget_before(version_);
    base::fail_point("gold.state.saved");
}

/// The same beside the work.
void GoldStage::begin_state() {
    if (state_writer_.busy() || (version_ == saved_version_ && ticks_.size() < max_ticks)) return;
    if (data_.has_settings() && data_.settings() != settings_) return save_state();  // which says why not
    const auto pause = state_writer_.begin(position(), [this](std::ostream& stream) { gold_->save(stream); });
    if (pause) report_.pause_ms = std::max(report_.pause_ms, static_cast<double>(pause->count()) / 1e3);
}

/// What can be forgotten or joined once a state is on disk.
void GoldStage::take_written() {
    const auto version = state_writer_.written();
    if (!version) return;
    saved_version_ = *version;
    base::fail_point("gold.state.saved");
    ticks_.forget_before(*version);
    join_files(*version);
}

/// Which may fail: it only makes reading faster.
void GoldStage::join_files(std::int64_t version) {
    try {
        writer_.join_files(version);
    } catch (const std::exception& error) {
        spdlog::warn(
            "gold: small files could not be joined: {} (it is tried again; where a file is damaged, build "
            "Gold "
            "anew with: millrace gold --rebuild --available-now)",
            error.what());
    }
}

/// Waits while another process runs the stage; false when it is time to end.
bool GoldStage::take_lock(const base::StopSignal& stop) {
    bool told = false;
    while (!lock_.try_lock()) {
        if (!std::exchange(told, true)) spdlog::info("gold: another process runs it; waiting for its turn");
        if (stop.wait_for(retry_interval)) return false;
    }
    return true;
}

/// Publishes all that was taken in. The state comes before what is provisional, which it doesn't know of.
void GoldStage::finish(const OnReport& on_report) {
    publish();
    state_writer_.wait();
    take_written();
    if (saved_version_ != version_ || ticks_.size() > 0) save_state();
    join_files(version_);
    if (options_.close) publish_provisional();
    report(on_report);
    note_published();
}

void GoldStage::run(const base::StopSignal& stop, const OnReport& on_report) {
    if (!take_lock(stop)) return;
    const std::lock_guard lock(lock_, std::adopt_lock);
    has_turn_ = true;
    if (options_.rebuild) data_.adopt_gold(settings_);
    writer_.refresh();
    if (links_.observer != nullptr) links_.observer->on_start();
    resume(stop);
    if (!std::filesystem::exists(state_path())) return;  // it was stopped while Gold was built
    if (links_.observer != nullptr) links_.observer->on_ready();
    active_ = true;
    if (links_.commits != nullptr) links_.commits->open();
    silver_.refresh();
    const std::int64_t goal = silver_.snapshot().version;
    auto next_publish = std::chrono::steady_clock::now() + options_.trigger;
    auto next_note = std::chrono::steady_clock::now();
    auto next_state = std::chrono::steady_clock::now() + state_interval;
    links_.windows.open();
    while (!stop.requested()) {
        lock_.check_in_place();
        if (options_.available_now && version_ >= goal) break;
        const bool stepped = step(stop);
        if (stop.requested() && !std::filesystem::exists(state_path())) return;  // likewise
        if (!stepped && !options_.available_now) tick();
        publish_alerts();
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_publish || output_.size() >= max_unpublished_rows) {
            publish();
            report(on_report);
            next_publish = now + options_.trigger;
            if (now >= next_state) {
                look_after_silver(stop);
                begin_state();
                next_state = now + state_interval;
            }
        }
        if (now >= next_note) {
            note_published();
            next_note = now + note_interval;
        }
        take_written();
        reply_to_readers(on_report);
        if (!stepped && stop.wait_for(poll_interval)) break;
    }
    finish(on_report);
    links_.windows.freeze([this](const OpenWindowsChannel::Request& request) { return snapshot(request); });
    if (links_.observer != nullptr) links_.observer->on_end(stop.requested());
}

}  // namespace millrace::gold
