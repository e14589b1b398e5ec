#include "gold/stage/gold_stage.h"

#include <exception>
#include <filesystem>
#include <limits>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/table_locks.h"
#include "storage/arrow_memory.h"

namespace millrace::gold {

namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr auto lock_interval = std::chrono::milliseconds(200);
constexpr auto note_interval = std::chrono::seconds(1);
constexpr auto state_interval = std::chrono::seconds(60);
constexpr std::int64_t events_of_a_backlog = 100'000;
constexpr std::size_t many_open_rows = 5'000;  // of open windows: they take about 20 ms

/// Ends what works in the background when it goes out of scope: a correction that is under way, and rows that
/// are being written.
class EndOfBackground {
  public:
    EndOfBackground(DayCorrector& corrector, TablePublisher& tables)
        : corrector_(corrector), tables_(tables) {}
    EndOfBackground(const EndOfBackground&) = delete;
    EndOfBackground& operator=(const EndOfBackground&) = delete;
    ~EndOfBackground() {
        corrector_.cancel();
        try {
            tables_.wait();
        } catch (const std::exception& error) {
            spdlog::warn("gold: rows are not published: {}; the next start publishes them", error.what());
        }
    }

  private:
    DayCorrector& corrector_;
    TablePublisher& tables_;
};

/// Waits while another process runs the stage. False when `stop` is requested first.
bool take_lock(base::File& lock, const base::StopSignal& stop) {
    bool told = false;
    while (!lock.try_lock()) {
        if (!std::exchange(told, true))
            spdlog::info("gold: another process runs Gold; this one is waiting for its turn");
        if (stop.wait_for(lock_interval)) return false;
    }
    return true;
}

/// The open windows at this moment. From `many` rows on, a copy of the process writes them.
OpenWindowsSnapshot snapshot_of(const GoldEngine& engine, TablePublisher& tables,
                                storage::Version silver_version, const OpenWindowsChannel::Request& request,
                                std::size_t many) {
    const auto began = std::chrono::steady_clock::now();
    const Gold& operators = engine.operators();
    OpenWindowsSnapshot snapshot{.firing = operators.alerts().firing(),
                                 .watermark = engine.watermark(),
                                 .silver_version = silver_version,
                                 .late = operators.late()};
    if (!tables.has_provisional()) {
        if (operators.open_rows(request.tables) >= many)
            snapshot.copied = OpenRowsCopy::start(operators, request.tables);
        if (!snapshot.copied) operators.peek(snapshot.open, request.tables);
    }
    if (request.files) snapshot.files = tables.files(request.tables);
    snapshot.took = std::chrono::steady_clock::now() - began;
    return snapshot;
}

}  // namespace

GoldStage::GoldStage(const catalog::DataDirectory& data, const model::ShopSettings& settings,
                     const GoldStageOptions& options, base::WorkerPool& pool, Links links)
    : data_(data),
      settings_(settings),
      options_(options),
      pool_(pool),
      links_(links),
      lock_(catalog::gold_lock(data)),
      silver_(data, pool, links.commits),
      engine_(settings, pool),
      tail_(links.uncommitted, engine_),
      tables_(data, model::TimeZone(settings.time_zone), pool),
      state_(data, settings, lock_, silver_, engine_, late_),
      corrector_(data, settings) {}

GoldStage::~GoldStage() {
    links_.windows.close();
}

void GoldStage::run(const base::StopSignal& stop, const OnReport& on_report) {
    if (!take_lock(lock_, stop)) return;
    const std::lock_guard lock(lock_, std::adopt_lock);
    const EndOfBackground end(corrector_, tables_);  // also on an error, before the lock is released
    has_turn_ = true;
    if (options_.rebuild) data_.adopt_gold(settings_);
    tables_.refresh();
    if (links_.observer != nullptr) links_.observer->on_start();
    resume(stop);
    if (rebuilding_) return;  // it was stopped
    if (links_.observer != nullptr) links_.observer->on_ready();
    active_ = true;
    if (links_.commits != nullptr) links_.commits->open();
    silver_.refresh();
    tail_.open();
    links_.windows.open();
    if (!loop(stop, on_report)) return;
    finish(stop, on_report);
    // No work waits for the reader's thread any more, so it writes any number of rows itself.
    constexpr auto any_number = std::numeric_limits<std::size_t>::max();
    links_.windows.freeze([this](const OpenWindowsChannel::Request& request) {
        return snapshot_of(engine_, tables_, silver_.version(), request, any_number);
    });
    if (links_.observer != nullptr) links_.observer->on_end(stop.requested());
}

/// Continues from the state on disk, or rebuilds Gold.
void GoldStage::resume(const base::StopSignal& stop) {
    state_.remove_unfinished();
    silver_.refresh();
    tables_.refresh();
    const bool whole = tables_.withdraw_provisional() && state_.load_ticks();
    if (!whole || options_.rebuild || !state_.load()) return rebuild(stop);
    tables_.forget_corrected(late_);
    reporter_.start_at(silver_.version());
    state_.replay_ticks(tables_.alerts_sequence());
    adopt_rules();
}

/// Builds Gold from the present snapshot of the silver table, day by day, so that no event is late. When it
/// is stopped, no state is on disk, and the next start rebuilds Gold again.
void GoldStage::rebuild(const base::StopSignal& stop) {
    silver_.reopen();
    if (silver_.version() > storage::Version(0) || !silver_.snapshot().files.empty())
        spdlog::info("gold: rebuilding from Silver's version {}", silver_.version());
    rebuilding_ = true;
    corrector_.cancel();
    (void)corrector_.take_result(late_);
    late_.clear();
    state_.clear();
    tables_.clear();
    // Alerts that were published before come again and must not be sent again.
    const bool quiet = options_.rebuild || tables_.alerts_sequence() > model::AlertSequence(0);
    engine_.reset();
    engine_.alerts().number_from(tables_.alerts_sequence());
    engine_.alerts().adopt(options_.alert_rules);
    if (!read_all(stop)) return;
    engine_.finish_table(silver_.snapshot());
    engine_.note_changed_days(silver_.version(), late_);
    tail_.remove(silver_.snapshot());
    publish();
    tables_.wait();
    reporter_.start_at(silver_.version());
    state_.save();
    rebuilding_ = false;
    reporter_.add_rows(tables_.publish_alerts(engine_.alerts(), silver_.version(), quiet));
}

/// Reads all files of the silver table, after what tells who the visitors were. False when it is stopped
/// before the end.
bool GoldStage::read_all(const base::StopSignal& stop) {
    const auto finish_rows = [this](Timestamp left) {
        engine_.finish_rows(left, tables_.waiting());
        if (tables_.is_full()) reporter_.add_rows(tables_.publish_unversioned());
    };
    silver_.read_links(engine_.strings(), [this](Events& events, Timestamp) {
        engine_.learn(events.links);
        engine_.collect_garbage();
    });
    for (const auto& [day, files] : silver_.files_by_day()) {
        if (stop.requested()) return false;
        silver_.read_files(files, engine_.strings(), [&](Events& events, Timestamp left) {
            reporter_.add(events);
            events_to_free_ += static_cast<std::int64_t>(events.rows.size());
            engine_.add(events);
            finish_rows(left);
            engine_.collect_garbage();
        });
        finish_rows(end_of_time);
    }
    return true;
}

/// Processes commits until the end. False when it ends while a rebuild is not finished.
bool GoldStage::loop(const base::StopSignal& stop, const OnReport& on_report) {
    const storage::Version goal = silver_.snapshot().version;
    bool is_behind = true;  // whether there were commits to process all the time since the last publication
    auto next_note = std::chrono::steady_clock::now();
    auto next_publish = next_note + options_.trigger;
    auto next_state = next_note + state_interval;
    while (!stop.requested()) {
        lock_.check_in_place();
        if (options_.available_now && silver_.version() >= goal) break;
        const bool stepped = step(stop);
        if (rebuilding_) return false;
        if (!stepped && !options_.available_now) tick();
        is_behind &= stepped;
        take_correction();
        reporter_.add_rows(tables_.publish_alerts(engine_.alerts(), silver_.version(), false));
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_publish || tables_.is_full()) {
            publish();
            report(on_report);
            const bool caught_up = !std::exchange(is_behind, true) && !options_.available_now;
            if (caught_up && options_.correct && !late_.empty()) {
                tables_.wait();
                corrector_.start(late_, {silver_.version(), engine_.watermark()});
            }
            next_publish = now + options_.trigger;
            if (now >= next_state) {
                keep_up(stop, caught_up);
                if (rebuilding_) return false;
                next_state = now + state_interval;
            }
        }
        if (now >= next_note) {
            tables_.note_versions();
            note_late_days();
            next_note = now + note_interval;
        }
        join_files();
        // While Gold catches up on commits, it adds uncommitted rows only for a reader that waits.
        const bool has_news = (!stepped || links_.windows.pending()) && tail_.update();
        if (has_news || stepped) links_.windows.note_change();
        reply_to_readers(on_report);
        if (!stepped && stop.wait_for(poll_interval)) break;
    }
    return true;
}

/// Processes Silver's next commit. False when there is none.
bool GoldStage::step(const base::StopSignal& stop) {
    const auto commit = silver_.next_commit();
    if (!commit) return false;
    adopt_rules();
    if (commit->removes_data()) {
        spdlog::info("gold: the silver table was rebuilt");
        rebuild(stop);
        return true;
    }
    const auto take = [this](Events& events, Timestamp) {
        engine_.note_late(events, silver_.version() + 1, late_);
        reporter_.add(events);
        events_to_free_ += static_cast<std::int64_t>(events.rows.size());
        engine_.add(events);
        engine_.collect_garbage();
    };
    if (!silver_.read_rows(*commit, engine_.strings(), take)) {
        spdlog::warn("gold: files of Silver's version {} are missing", silver_.version() + 1);
        rebuild(stop);
        return true;
    }
    engine_.finish_commit(*commit, tables_.waiting());
    engine_.note_changed_days(silver_.version() + 1, late_);
    tail_.remove(*commit);
    silver_.advance();
    tables_.drop_known(silver_.version());
    state_.replay_ticks(tables_.alerts_sequence());
    return true;
}

/// Does each minute, after a publication, what need not be done more often. Rebuilds Gold when it can never
/// read the next commit.
void GoldStage::keep_up(const base::StopSignal& stop, bool caught_up) {
    if (const auto gap = silver_.find_gap()) {
        spdlog::warn("gold: {}", *gap);
        return rebuild(stop);
    }
    if (caught_up && std::exchange(events_to_free_, 0) >= events_of_a_backlog) {
        engine_.free_rows();
        storage::return_free_memory();
    }
    if (!late_.empty()) {
        tables_.refresh();
        tables_.forget_corrected(late_);  // other processes have recomputed them
    }
    tables_.wait();
    if (const auto pause = state_.start_save()) reporter_.note_pause(*pause);
}

/// Switches to the alert rules of the options, once the alerts of the rules before are published: otherwise
/// a restart would change those. The saved state has the new rules.
void GoldStage::adopt_rules() {
    Alerts& alerts = engine_.alerts();
    if (silver_.version() < tables_.alerts_version() || alerts.rules() == options_.alert_rules) return;
    alerts.adopt(options_.alert_rules);
    publish();
    tables_.wait();
    state_.save();
}

/// Evaluates the alert rules at wall-clock time when no events come.
void GoldStage::tick() {
    const base::WallTime now = base::wall_time();
    if (!engine_.alerts().tick_due(now)) return;
    adopt_rules();
    state_.add_tick(now);
    engine_.alerts().tick(now);
}

void GoldStage::publish() {
    reporter_.add_rows(tables_.publish(silver_.version()));
}

/// Replies to a pending request for the open windows. If it asks for files, publishes closed windows first,
/// so that files and open windows together are complete.
void GoldStage::reply_to_readers(const OnReport& on_report) {
    const auto request = links_.windows.pending();
    if (!request) return;
    if (request->files && tables_.has_waiting(request->tables)) {
        publish();
        report(on_report);
    }
    if (request->committed) engine_.withdraw_shown();
    engine_.show_held();
    links_.windows.reply(*request,
                         snapshot_of(engine_, tables_, silver_.version(), *request, many_open_rows));
}

void GoldStage::report(const OnReport& on_report) {
    auto report =
        reporter_.take(engine_.operators().late_committed(), silver_.version(), engine_.watermark());
    if (!report) return;
    report->orders = engine_.order_counts();
    report->visitors = engine_.visitor_counts();
    on_report(*report);
}

/// Takes a correction in that has ended.
void GoldStage::take_correction() {
    const auto rows = corrector_.take_result(late_);
    if (!rows) return;
    reporter_.add_rows(*rows);
    events_to_free_ += events_of_a_backlog;  // it has read whole days
    tables_.refresh();
    links_.windows.note_change();
}

/// Joins files of rows that the saved state includes, unless a correction is about to replace them.
void GoldStage::join_files() {
    if (const auto saved = state_.take_saved()) to_join_ = saved;
    if (to_join_ && !corrector_.busy()) tables_.join_files(*std::exchange(to_join_, std::nullopt));
}

void GoldStage::note_late_days() {
    const base::MutexLock lock(mutex_);
    noted_late_ = late_;
}

LateDays GoldStage::late_days() const {
    const base::MutexLock lock(mutex_);
    return noted_late_;
}

/// Publishes everything that was taken in. The state is saved before provisional rows are published, because
/// it does not include them.
void GoldStage::finish(const base::StopSignal& stop, const OnReport& on_report) {
    engine_.withdraw_shown();
    publish();
    tables_.wait();
    corrector_.cancel();
    take_correction();
    if (options_.available_now && options_.correct) {
        const PublishedPosition position{silver_.version(), engine_.watermark()};
        reporter_.add_rows(corrector_.correct_all(late_, position, pool_, stop));
        tables_.refresh();
    }
    state_.wait();
    join_files();
    if (!state_.is_current()) state_.save();
    tables_.join_files(silver_.version());
    engine_.show_held();
    if (options_.close)
        reporter_.add_provisional(tables_.publish_provisional(engine_.operators(), silver_.version()));
    report(on_report);
    tables_.note_versions();
    note_late_days();
}

}  // namespace millrace::gold
