#include "pipeline/gold_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "pipeline/gold_state.h"
#include "pipeline/notifier.h"
#include "pipeline/silver_rows.h"
#include "pipeline/table_locks.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"

namespace millrace::pipeline {

namespace {

constexpr auto between_looks = std::chrono::milliseconds(5);
constexpr auto between_outboxes = std::chrono::seconds(1);
constexpr auto between_states = std::chrono::seconds(60);
constexpr std::int64_t most_unpublished_rows = 200'000;
constexpr std::size_t most_ticks = 60;
/// Silver's files of before may be gone: vacuum doesn't wait for Gold any longer.
bool is_too_old(const storage::Commit& commit) {
    return std::chrono::milliseconds(base::now_ms() - commit.timestamp) >= longest_wait_for_gold;
}

constexpr auto between_tries = std::chrono::milliseconds(200);
/// How long the sinks of alerts are waited for.
constexpr auto patience_when_stopped = std::chrono::seconds(2);
constexpr auto patience_at_the_end = std::chrono::seconds(20);

bool are_there(const std::filesystem::path& root, const std::vector<storage::AddFile>& files) {
    return std::ranges::all_of(files,
                               [&](const auto& file) { return std::filesystem::exists(root / file.path); });
}

gold::Intake intake_of(const std::vector<PartitionNews>& news, gold::Timestamp newest) {
    gold::Intake intake{.newest = newest};
    for (const PartitionNews& each : news) {
        intake.committed_ms = std::max(intake.committed_ms, each.committed_ms);
        intake.partitions.push_back({each.partition, each.received, each.quarantined, each.behind});
    }
    return intake;
}

/// Answers those who look, for as long as Gold's loop runs.
class Attendance {
  public:
    explicit Attendance(OpenRows* viewers) : viewers_(viewers) {
        if (viewers_ != nullptr) viewers_->attend(true);
    }
    Attendance(const Attendance&) = delete;
    Attendance& operator=(const Attendance&) = delete;
    ~Attendance() {
        if (viewers_ != nullptr) viewers_->attend(false);
    }

  private:
    OpenRows* viewers_;
};

}  // namespace

base::json::object GoldReport::to_json() const {
    return {{"silver_version", silver_version},
            {"events", events},
            {"rows", rows},
            {"provisional", provisional},
            {"late", late},
            {"watermark", watermark == gold::no_watermark ? "" : model::format_timestamp(watermark)},
            {"seconds", seconds},
            {"latency_ms", latency_ms},
            {"pause_ms", pause_ms}};
}

std::string GoldReport::line() const {
    const std::string open = provisional == 0 ? ""
                                              : fmt::format(" ({} of them provisional: of open windows)",
                                                            base::format_count(provisional));
    return fmt::format(
        "silver version {}: {} events, {} rows published{}, {} late, watermark {}, {:.2f} s", silver_version,
        base::format_count(events), base::format_count(rows), open, base::format_count(late),
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
      state_writer_(state_path(), lock_),
      ticks_(data.gold() / "ticks.json"),
      gold_(fresh_gold()) {
    if (!options.postgres.url.empty()) serve::check_postgres_address(options.postgres.url);
}

std::unique_ptr<gold::Gold> GoldStage::fresh_gold() {
    return std::make_unique<gold::Gold>(zone_, settings_.gold,
                                        [this](auto tasks) { pool_.run_all(std::move(tasks)); });
}

bool GoldStage::load_state() {
    if (options_.rebuild) return false;
    const auto known = read_gold_position(state_path());
    if (!known && std::filesystem::exists(state_path())) warn_of_unusable_state(state_path());
    if (!known || known->silver_id != silver_.snapshot().metadata.id || known->settings != settings_.text() ||
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
void GoldStage::take_up(const base::StopSignal& stop) {
    remove_unfinished_states(state_path());
    silver_.refresh();
    writer_.refresh();
    const bool whole = writer_.withdraw_provisional() && ticks_.load();
    if (!whole || !load_state()) start_over(stop);
}

/// Builds Gold from what silver holds now, day by day, so that no event is late. When it is stopped, the next
/// start begins anew.
void GoldStage::start_over(const base::StopSignal& stop) {
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
    output_ = gold::Output();
    watermark_ = gold::no_watermark;
    std::map<std::string, std::vector<storage::AddFile>, std::less<>> days;
    for (const auto& [path, file] : silver_.snapshot().files)
        days[std::string(storage::partition_value(file, "event_date"))].push_back(file);
    version_ = silver_.snapshot().version;
    gold::Timestamp newest = 0;
    for (const auto& [day, files] : days) {
        if (stop.requested()) return;
        newest = std::max(newest, add(files, [this](gold::Timestamp left) { pass(left); }));
        pass(gold::end_of_time);
    }
    const auto news = news_of(silver_.snapshot());
    hear(news);
    if (!news.empty()) gold_->alerts().begin(intake_of(news, newest));
    publish();
    reported_version_ = version_;
    report_.latency_ms = 0;  // these events have waited for Gold to be built, not in it
    save_state();
    publish_alerts(again);
}

/// Closes and judges what the clock has passed while Gold is built, up to the earliest event that is left.
void GoldStage::pass(gold::Timestamp left) {
    const gold::Timestamp clock = gold_->clock().at(0);
    if (clock == gold::no_watermark) return;
    close_at(std::min(left, clock - settings_.gold.lateness));
    gold_->alerts().judge(std::min(left, clock));
    // It would be cleared again.
    if (output_.size() >= most_unpublished_rows) report_.rows += writer_.append(output_, -1);
}

/// Takes the rows of `files` in, some at a time, and returns the log time of the newest. Then it calls `then`
/// with the earliest event time that is left.
gold::Timestamp GoldStage::add(const std::vector<storage::AddFile>& files,
                               const std::function<void(gold::Timestamp)>& then) {
    gold::Timestamp newest = 0;
    const auto take_some = [&](const gold::Events& events, gold::Timestamp left) {
        take(events);
        newest = std::max(newest, events.newest);
        then(left);
        gold_->tidy();
    };
    read_silver_rows(silver_.root(), files, gold_->strings(), pool_, take_some);
    return newest;
}

void GoldStage::take(const gold::Events& events) {
    gold_->add(events);
    report_.events += static_cast<std::int64_t>(events.rows.size());
    report_.latency_ms =
        std::max(report_.latency_ms, static_cast<double>(base::now_us() - events.oldest) / 1e3);
}

/// The same for the rows of a commit that silver has handed over.
gold::Timestamp GoldStage::add_handed(HandOver::Columns columns) {
    handed_.clear();
    for (const auto& each : columns)
        gold::read_events(*each->batch(0), each->event_type(), gold_->strings(), handed_);
    hand_over_->give_back(std::move(columns));
    if (handed_.rows.empty()) return 0;
    take(handed_);
    gold_->tidy();
    return handed_.newest;
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

void GoldStage::hear(const std::vector<PartitionNews>& news) {
    for (const PartitionNews& each : news)
        gold_->clock().hear(each.partition, {each.committed_ms, each.behind == 0});
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
    for (const TickLog::Tick& tick : ticks_.after(version_)) gold_->alerts().tick(tick.now_ms);
    gold_->alerts().published(writer_.alerts_sequence());
}

/// Shows PostgreSQL what open windows have, once it has taken what it was shown before.
void GoldStage::publish_open() {
    if (!postgres_ || !postgres_->wants_open()) return;
    gold::Output open;
    gold_->peek(open, gold::window_metrics());
    postgres_->offer_open(open);
}

/// Answers who asks for the open windows. With files, what is closed is published before, so that together
/// they are all.
void GoldStage::show_open(const OnReport& on_report) {
    const auto wanted = viewers_ != nullptr ? viewers_->wanted() : std::nullopt;
    if (!wanted) return;
    const auto has_news = [this](gold::Table table) { return output_[table].size() > 0; };
    if (wanted->files && std::ranges::any_of(wanted->tables, has_news)) {
        publish();
        report(on_report);
    }
    GoldLook look{.watermark = watermark_, .silver_version = version_, .late = gold_->late()};
    gold_->peek(look.open, wanted->tables);
    if (wanted->files) {
        for (const gold::Table table : wanted->tables) {
            for (const auto& [path, add] : std::as_const(writer_).table(table).snapshot().files)
                look.files[table].push_back({path, add.partition_values});
        }
    }
    viewers_->give(*wanted, std::move(look));
}

void GoldStage::look_at_outbox(const Notifier& notifier) {
    GoldOutbox outbox{.alerts = notifier.unsent(writer_.alerts_sequence()), .postgres = std::nullopt};
    if (postgres_) {
        std::map<gold::Table, std::int64_t> versions;
        for (const gold::Table table : gold::all_tables)
            versions[table] = std::as_const(writer_).table(table).snapshot().version;
        outbox.postgres = postgres_->backlog(versions);
    }
    const std::lock_guard lock(outbox_mutex_);
    outbox_ = std::move(outbox);
}

/// Publishes the changes of alerts that aren't.
void GoldStage::publish_alerts(bool quiet) {
    gold::Alerts& alerts = gold_->alerts();
    if (alerts.unpublished().empty()) return;
    gold::TableRows rows(gold::Table::alerts);
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
    start_over(stop);
}

/// Takes in silver's next commit; false when there is none.
bool GoldStage::step(const base::StopSignal& stop) {
    const auto commit = silver_.read_commit(version_ + 1);
    if (!commit) return false;
    adopt_rules();
    if (commit->removes_data()) {
        spdlog::info("gold: silver was rebuilt");
        start_over(stop);
        return true;
    }
    gold::Timestamp newest = 0;
    if (auto handed = hand_over_ != nullptr ? hand_over_->take(version_ + 1) : std::nullopt) {
        newest = add_handed(std::move(*handed));
    } else {
        std::vector<storage::AddFile> files;
        std::ranges::copy_if(commit->adds, std::back_inserter(files), &storage::AddFile::data_change);
        if (!are_there(silver_.root(), files)) {
            spdlog::warn("gold: files of silver's version {} are gone", version_ + 1);
            start_over(stop);
            return true;
        }
        if (!files.empty()) newest = add(files);
    }
    const auto news = news_of(*commit);
    hear(news);
    const gold::Timestamp clock = gold_->clock().at(commit->timestamp);
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
    gold::Output open;
    gold_->peek(open, gold::all_metrics());
    report_.provisional = writer_.append_provisional(open, version_);
    report_.rows += report_.provisional;
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
            .settings = settings_.text(),
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
    if (state_writer_.busy() || (version_ == saved_version_ && ticks_.size() < most_ticks)) return;
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
        if (stop.wait_for(between_tries)) return false;
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
    if (options_.close) {
        publish_provisional();
    } else {
        publish_open();
    }
    report(on_report);
}

void GoldStage::run(const base::StopSignal& stop, const OnReport& on_report) {
    if (!take_lock(stop)) return;
    const std::lock_guard lock(lock_, std::adopt_lock);
    has_turn_ = true;
    if (options_.rebuild) data_.adopt_gold(settings_);
    writer_.refresh();
    Notifier notifier(data_, serve::make_alert_sinks(options_.alert_sinks));
    take_up(stop);
    if (!std::filesystem::exists(state_path())) return;  // it was stopped while Gold was built
    if (!options_.postgres.url.empty()) postgres_.emplace(data_, options_.postgres);
    active_ = true;
    if (hand_over_ != nullptr) hand_over_->open();
    silver_.refresh();
    const std::int64_t goal = silver_.snapshot().version;
    auto next_publish = std::chrono::steady_clock::now() + options_.trigger;
    auto next_outbox = std::chrono::steady_clock::now();
    auto next_state = std::chrono::steady_clock::now() + between_states;
    const Attendance attendance(viewers_);
    while (!stop.requested()) {
        lock_.check_in_place();
        if (options_.available_now && version_ >= goal) break;
        const bool stepped = step(stop);
        if (stop.requested() && !std::filesystem::exists(state_path())) return;  // likewise
        if (!stepped && !options_.available_now) tick();
        publish_alerts();
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_publish || output_.size() >= most_unpublished_rows) {
            publish();
            report(on_report);
            publish_open();
            next_publish = now + options_.trigger;
            if (now >= next_state) {
                look_after_silver(stop);
                begin_state();
                next_state = now + between_states;
            }
        }
        if (now >= next_outbox) {
            look_at_outbox(notifier);
            next_outbox = now + between_outboxes;
        }
        take_written();
        show_open(on_report);
        if (!stepped && stop.wait_for(between_looks)) break;
    }
    finish(on_report);
    const auto patience = stop.requested() ? patience_when_stopped : patience_at_the_end;
    notifier.finish(patience);
    if (postgres_) postgres_->finish(patience);
    postgres_.reset();
}

}  // namespace millrace::pipeline
