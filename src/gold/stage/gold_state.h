#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "base/file.h"

namespace millrace::gold {

/// What Gold's state on disk stands for.
struct GoldPosition {
    std::string silver_id;            ///< of the silver table, which a new one of the same place has not
    std::int64_t silver_version = 0;  ///< up to which its commits are in the state
    std::string settings;             ///< the options that it was made with, as text
    std::int64_t watermark = 0;       ///< windows that end at or before it are closed and published
};

/// How long files and commits of silver are kept for Gold to take them in; then it is built anew.
inline constexpr auto max_wait_for_gold = std::chrono::hours(24 * 7);

/// Replaces the state file, atomically and durably, with `position` and what `save` writes.
void write_gold_state(const std::filesystem::path& path, const GoldPosition& position,
                      const std::function<void(std::ostream&)>& save);

/// Warns that the state file can't be used.
void warn_of_unusable_state(const std::filesystem::path& path);

/// Removes what writers that were killed have left beside the state file, whose lock the caller holds.
void remove_unfinished_states(const std::filesystem::path& path);

/// Where the state stands. Nothing when there is no usable one.
std::optional<GoldPosition> read_gold_position(const std::filesystem::path& path);

/// The same, once `load` has read what `save` wrote. Nothing when there is none, or it was written by another
/// version of the program or is damaged, which is told as a warning: the state is then built anew.
std::optional<GoldPosition> read_gold_state(const std::filesystem::path& path,
                                            const std::function<void(std::istream&)>& load);

/// Writes the state beside the work that changes it: in a copy of the process, which has the memory as it was
/// when it was made (fork), so that the work stops for as long as that takes, a few ms per GiB.
///
/// The copy closes all files and sockets of the process but the lock, which guards the state file: no other
/// process may work on the state while it is being written. It ends with the thread that began it, so that no
/// copy of a process that was killed keeps the lock or replaces the state of its successor.
class GoldStateWriter {
  public:
    /// `lock`, which the caller holds, must outlive it.
    GoldStateWriter(std::filesystem::path path, const base::File& lock)
        : path_(std::move(path)), lock_(lock) {}
    GoldStateWriter(const GoldStateWriter&) = delete;
    GoldStateWriter& operator=(const GoldStateWriter&) = delete;
    /// Waits for the copy.
    ~GoldStateWriter();

    /// Begins to write, and returns how long the caller was stopped. Nothing, with a warning, when the system
    /// allows no copy of the process at present: it is to be tried again later. Not while another one is
    /// being written.
    std::optional<std::chrono::microseconds> begin(const GoldPosition& position,
                                                   const std::function<void(std::ostream&)>& save);
    [[nodiscard]] bool busy() const { return copy_ > 0; }
    /// The silver version of a state that has been written since the last call. A failure is told as a
    /// warning.
    std::optional<std::int64_t> written();
    void wait();

  private:
    void take_result(int status);

    const std::filesystem::path path_;
    const base::File& lock_;
    pid_t copy_ = 0;
    std::int64_t version_ = -1;  // that is being written
    std::optional<std::int64_t> written_;
};

}  // namespace millrace::gold
