#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/process_copy.h"
#include "gold/stage/late_days.h"
#include "storage/version.h"

namespace millrace::gold {

/// What Gold's state on disk includes.
struct GoldPosition {
    std::string silver_id;  ///< the id of the silver table; a new table at the same path has another
    storage::Version silver_version{0};  ///< the last version of Silver that is in the state
    std::string settings;                ///< the settings that the state was computed with, as text
    model::Timestamp watermark;          ///< windows that end at or before it are closed and published
    LateDays late;                       ///< the days whose published rows lack late events
};

/// How long Silver's files and commits are kept for Gold to read them. Afterwards Gold must be rebuilt.
inline constexpr auto max_wait_for_gold = std::chrono::hours(24);

/// Replaces the state file, atomically and durably, by `position` and the bytes that `save` writes.
void write_gold_state(const std::filesystem::path& path, const GoldPosition& position,
                      const std::function<void(std::ostream&)>& save);

/// Warns that the state file cannot be used.
void warn_of_unusable_state(const std::filesystem::path& path);

/// Removes the temporary files that killed writers have left beside the state file. The caller holds the
/// stage's lock.
void remove_unfinished_states(const std::filesystem::path& path);

/// Reads the position of the state. Nothing when there is no usable state.
std::optional<GoldPosition> read_gold_position(const std::filesystem::path& path);

/// Lets `load` read the bytes that `save` wrote, and returns the position. Nothing when there is no state,
/// or, with a warning, when it is damaged or of another version of the program.
std::optional<GoldPosition> read_gold_state(const std::filesystem::path& path,
                                            const std::function<void(std::istream&)>& load);

/// Writes the state in the background, in a copy of the process, which keeps the stage's lock open: no other
/// process may work on the state while it is being written. The copy ends with the thread that started it.
/// Otherwise the copy of a killed process could keep the lock, or replace the state of its successor. Not
/// thread-safe.
class GoldStateWriter {
  public:
    /// `lock` must outlive the object, and the caller must hold it.
    GoldStateWriter(std::filesystem::path path, const base::File& lock)
        : path_(std::move(path)), lock_(lock) {}
    GoldStateWriter(const GoldStateWriter&) = delete;
    GoldStateWriter& operator=(const GoldStateWriter&) = delete;
    /// Waits for the copy.
    ~GoldStateWriter();

    /// Starts to write, and returns how long the caller was stopped. Nothing, with a warning, when the system
    /// allows no copy of the process at present; the caller tries again later. Must not be called while
    /// busy().
    std::optional<std::chrono::microseconds> begin(const GoldPosition& position,
                                                   const std::function<void(std::ostream&)>& save);
    [[nodiscard]] bool busy() const { return copy_ != nullptr; }
    /// The silver version of a state that was written since the last call. A failure is logged as a warning.
    std::optional<storage::Version> written();
    /// Waits until the copy has ended, if there is one.
    void wait();

  private:
    const std::filesystem::path path_;
    const base::File& lock_;
    std::unique_ptr<base::ProcessCopy> copy_;         // while one is running
    storage::Version version_ = storage::no_version;  // the silver version of the state that copy_ writes
    std::optional<storage::Version> written_;
};

}  // namespace millrace::gold
