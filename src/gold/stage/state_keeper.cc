#include "gold/stage/state_keeper.h"

#include "base/error.h"
#include "base/fail_point.h"

namespace millrace::gold {

namespace {

/// A state is saved when so many ticks came, even without a new version of Silver.
constexpr std::size_t max_ticks = 60;

}  // namespace

StateKeeper::StateKeeper(const catalog::DataDirectory& data, const model::ShopSettings& settings,
                         const base::File& lock, SilverTail& silver, GoldEngine& engine, LateDays& late)
    : data_(data),
      settings_(settings),
      lock_(lock),
      silver_(silver),
      engine_(engine),
      late_(late),
      path_(data.gold_state()),
      writer_(path_, lock),
      ticks_(data.gold() / "ticks.json") {}

bool StateKeeper::load() {
    const auto known = read_gold_position(path_);
    if (!known && exists()) warn_of_unusable_state(path_);
    if (!known || known->settings != catalog::settings_text(settings_) || !silver_.can_continue_from(*known))
        return false;
    const auto load = [&](std::istream& stream) { engine_.load(stream, known->watermark); };
    if (!read_gold_state(path_, load)) return false;
    silver_.continue_from(known->silver_version);
    saved_version_ = known->silver_version;
    late_ = saved_late_ = known->late;
    return true;
}

void StateKeeper::clear() {
    writer_.wait();  // a save that is running would restore the file
    (void)writer_.written();
    std::filesystem::remove(path_);
    base::sync_directory(path_.parent_path());
    ticks_.clear();
}

void StateKeeper::save() {
    lock_.check_in_place();
    writer_.wait();
    if (settings_have_changed())
        throw Error("saving Gold's state", "another command has changed the shop's settings",
                    "Start again with the new settings.");
    write_gold_state(path_, position(), [this](std::ostream& stream) { engine_.save(stream); });
    saved_version_ = silver_.version();
    saved_late_ = late_;
    ticks_.forget_before(saved_version_);
    base::fail_point("gold.state.saved");
}

std::optional<std::chrono::microseconds> StateKeeper::start_save() {
    const bool saved =
        silver_.version() == saved_version_ && late_ == saved_late_ && ticks_.size() < max_ticks;
    if (writer_.busy() || saved) return std::nullopt;
    if (settings_have_changed()) {
        save();  // throws the Error
        return std::nullopt;
    }
    saving_late_ = late_;
    return writer_.begin(position(), [this](std::ostream& stream) { engine_.save(stream); });
}

std::optional<storage::Version> StateKeeper::take_saved() {
    const auto version = writer_.written();
    if (!version) return std::nullopt;
    saved_version_ = *version;
    saved_late_ = saving_late_;
    base::fail_point("gold.state.saved");
    ticks_.forget_before(saved_version_);
    return version;
}

bool StateKeeper::is_current() const {
    return saved_version_ == silver_.version() && saved_late_ == late_ && ticks_.size() == 0;
}

void StateKeeper::replay_ticks(model::AlertSequence last_published) {
    for (const IdleTickLog::Tick& tick : ticks_.after(silver_.version())) engine_.alerts().tick(tick.now);
    engine_.alerts().published(last_published);
}

GoldPosition StateKeeper::position() const {
    return {.silver_id = silver_.snapshot().metadata.id,
            .silver_version = silver_.version(),
            .settings = catalog::settings_text(settings_),
            .watermark = engine_.watermark(),
            .late = late_};
}

bool StateKeeper::settings_have_changed() const {
    return data_.has_settings() && data_.settings() != settings_;
}

}  // namespace millrace::gold
