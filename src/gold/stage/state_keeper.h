#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "catalog/data_directory.h"
#include "gold/stage/gold_engine.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/idle_tick_log.h"
#include "gold/stage/silver_tail.h"
#include "storage/version.h"

namespace millrace::gold {

/// Keeps Gold's state on disk: the state file, which holds the engine's state and the late days at a version
/// of Silver, and the idle ticks since then. Together they lead to the same state after a restart. Not
/// thread-safe.
class StateKeeper {
  public:
    /// All of it must outlive the object. The caller holds `lock` during all calls.
    StateKeeper(const catalog::DataDirectory& data, const model::ShopSettings& settings,
                const base::File& lock, SilverTail& silver, GoldEngine& engine, LateDays& late);

    /// Whether there is a state file. There is none while Gold is being rebuilt.
    [[nodiscard]] bool exists() const { return std::filesystem::exists(path_); }
    /// Removes files that a killed process has left unfinished.
    void remove_unfinished() { remove_unfinished_states(path_); }
    /// Reads the ticks. False, with a warning, when their file is damaged; then Gold must be rebuilt.
    [[nodiscard]] bool load_ticks() { return ticks_.load(); }
    /// Loads the state into the engine and the late days, and moves the silver position to its version.
    /// False, with a warning where the file is damaged, when the state cannot be used. The engine may then be
    /// half loaded.
    [[nodiscard]] bool load();
    /// Removes the state file and the ticks from the disk.
    void clear();

    /// Saves the state. Everything up to the silver version must be published, except alerts, which are part
    /// of the state. Throws an Error when the shop's settings have changed.
    void save();
    /// Starts to save the state in the background, unless a save is running or there is nothing to save.
    /// Returns how long the caller was stopped for it. Throws as save() does.
    std::optional<std::chrono::microseconds> start_save();
    /// The silver version of a state that start_save() has written since the last call.
    std::optional<storage::Version> take_saved();
    /// Waits until no save is running.
    void wait() { writer_.wait(); }
    /// Whether the state on disk is that of the engine and the late days.
    [[nodiscard]] bool is_current() const;

    /// Keeps an idle tick after the present silver version, durably.
    void add_tick(base::WallTime now) { ticks_.add({silver_.version(), now}); }
    /// Repeats the ticks that came after the present silver version before a restart. Alerts up to
    /// `last_published` are published already.
    void replay_ticks(model::AlertSequence last_published);

  private:
    [[nodiscard]] GoldPosition position() const;
    [[nodiscard]] bool settings_have_changed() const;

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    const base::File& lock_;
    SilverTail& silver_;
    GoldEngine& engine_;
    LateDays& late_;
    const std::filesystem::path path_;
    GoldStateWriter writer_;
    IdleTickLog ticks_;
    storage::Version saved_version_ = storage::no_version;  // the silver version of the state on disk
    LateDays saved_late_;                                   // the late days of the state on disk
    LateDays saving_late_;  // the late days of the state that is being written
};

}  // namespace millrace::gold
