#include "gold/stage/day_corrector.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/table_locks.h"

namespace millrace::gold {

namespace {

using Clock = std::chrono::steady_clock;

/// Rows are read in one thread and written in another one while a third one computes.
constexpr double cores_in_use = 3;
constexpr double share_of_a_core = 0.25;
/// A rest is so many times as long as the work was.
constexpr double rest_per_work = 40;
constexpr auto rest_after_failure = std::chrono::seconds(30);
/// Refunds and lines that come again change days of orders all the time.
constexpr auto rest_of_orders = std::chrono::minutes(1);
/// Logins change days all the time, and little in each.
constexpr auto rest_of_visitors = std::chrono::minutes(15);
/// With fewer late events, all days rest after a correction. With more, such as from an import of old data,
/// the other days are corrected at once.
constexpr std::int64_t few_events = 1000;
constexpr int attempts_per_correction = 5;  // to correct some days while others change their files

/// Divides the work into short pieces with pauses between them.
class Pacer {
  public:
    explicit Pacer(const base::StopSignal& stop) : stop_(stop) {}
    /// Waits until the last piece of work has taken only its share of the time. False when it is told to
    /// stop.
    bool pause() {
        const auto rest = end_piece() * (cores_in_use / share_of_a_core - 1);
        const bool stopped = stop_.wait_for(std::chrono::duration_cast<std::chrono::microseconds>(rest));
        began_ = Clock::now();
        return !stopped;
    }
    /// The time of all pieces of work, without the pauses.
    [[nodiscard]] std::chrono::duration<double> work() {
        end_piece();
        return work_;
    }

  private:
    std::chrono::duration<double> end_piece() {
        const auto now = Clock::now();
        const std::chrono::duration<double> piece = now - std::exchange(began_, now);
        work_ += piece;
        return piece;
    }

    const base::StopSignal& stop_;
    Clock::time_point began_ = Clock::now();
    std::chrono::duration<double> work_{};
};

/// Days with late events of their own do not have to rest.
Clock::duration shortest_rest(const LateDays& late, const Correction& correction) {
    if (correction.group == TableGroup::orders) return rest_of_orders;
    const auto& days = late.of(correction.group);
    const bool has_events =
        std::any_of(days.lower_bound(correction.days.from), days.upper_bound(correction.days.to),
                    [](const auto& day) { return day.second.events > 0; });
    return has_events ? Clock::duration() : rest_of_visitors;
}

}  // namespace

void DayCorrector::start(const LateDays& late, const PublishedPosition& position) {
    const Instant now = Clock::now();
    if (busy() || (now < rest_until_ && late.events() < few_events)) return;
    std::erase_if(rests_, [now](const auto& rest) { return rest.second <= now; });
    const auto next = late.next(position.watermark, zone_, [&](TableGroup group, std::int64_t day) {
        return !rests_.contains({group, day});
    });
    if (!next) return;
    work_ = std::make_unique<Work>();
    work_->correction = *next;
    work_->position = position;
    work_->before = late;
    work_->task.start([this, &work = *work_](const base::StopSignal& stop) {
        Pacer pacer(stop);
        base::WorkerPool pool(0);
        const catalog::CorrectionLease reading(data_);
        BatchLayer batch(data_, settings_, pool);
        work.rows = batch.correct(work.correction, work.position, [&] { return pacer.pause(); });
        work.took = pacer.work();
    });
}

std::optional<std::int64_t> DayCorrector::take_result(LateDays& late) {
    if (!busy() || !work_->task.done()) return std::nullopt;
    const auto work = std::exchange(work_, nullptr);
    try {
        work->task.finish();
    } catch (const std::exception& error) {
        spdlog::warn("gold: {} is not corrected yet: {}; trying again", work->correction.days.text(),
                     error.what());
        work->took = rest_after_failure / rest_per_work;
    }
    rest_after(*work);
    if (!work->rows) return std::nullopt;  // it failed, or files have changed meanwhile
    late.remove(work->correction, work->position.silver_version, work->before);
    spdlog::info("gold: corrected the {} of {}", group_name(work->correction.group),
                 work->correction.days.text());
    return work->rows;
}

/// Corrects some late days. Returns nothing, with a warning, when it fails: the days stay late.
std::optional<std::int64_t> DayCorrector::correct(BatchLayer& batch, const Correction& correction,
                                                  const PublishedPosition& position,
                                                  const base::StopSignal& stop) const {
    try {
        return batch.correct(correction, position, [&stop] { return !stop.requested(); });
    } catch (const std::exception& error) {
        spdlog::warn("gold: {} is not corrected: {}", correction.days.text(), error.what());
        return std::nullopt;
    }
}

std::int64_t DayCorrector::correct_all(LateDays& late, const PublishedPosition& position,
                                       base::WorkerPool& pool, const base::StopSignal& stop) const {
    std::int64_t rows = 0;
    BatchLayer batch(data_, settings_, pool);
    const auto any = [](TableGroup, std::int64_t) { return true; };
    for (int attempt = 0; attempt < attempts_per_correction; ++attempt) {
        const auto next = late.next(position.watermark, zone_, any);
        if (!next) break;
        const auto published = correct(batch, *next, position, stop);
        if (stop.requested()) break;
        if (!published) continue;  // files have changed meanwhile, or it failed
        attempt = -1;
        rows += *published;
        late.remove(*next, position.silver_version, late);
    }
    return rows;
}

void DayCorrector::cancel() {
    if (!busy()) return;
    work_->task.request_stop();
    try {
        work_->task.finish();
    } catch (const std::exception&) {
        return;  // take_result() logs it
    }
}

void DayCorrector::rest_after(const Work& work) {
    rest_until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(work.took * rest_per_work);
    const Instant until = std::max(rest_until_, Clock::now() + shortest_rest(work.before, work.correction));
    for (std::int64_t day = work.correction.days.from; day <= work.correction.days.to; ++day)
        rests_[{work.correction.group, day}] = until;
}

}  // namespace millrace::gold
