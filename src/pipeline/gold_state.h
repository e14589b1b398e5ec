#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace millrace::pipeline {

/// Gold's state as it is kept on disk, and what it stands for.
struct GoldState {
    std::string silver_id;            ///< of the silver table, which a new one of the same place has not
    std::int64_t silver_version = 0;  ///< up to which its commits are in the state
    std::string settings;             ///< the options that it was made with, as text
    bool closed = false;              ///< all was closed on request at that version
    std::int64_t watermark = 0;       ///< windows that end at or before it are closed and published
    std::string bytes;                ///< gold::Gold::save()
};

/// How long files and commits of silver are kept for Gold to take them in; then it is built anew.
inline constexpr auto longest_wait_for_gold = std::chrono::hours(24 * 7);

/// Replaces the state file, atomically and durably.
void write_gold_state(const std::filesystem::path& path, const GoldState& state);

/// The same without the bytes, which may be many: where the state stands. Nothing when there is no usable
/// one.
std::optional<GoldState> read_gold_position(const std::filesystem::path& path);

/// Nothing when there is none, or it was written by another version of the program or is damaged, which is
/// told as a warning: the state is then built anew.
std::optional<GoldState> read_gold_state(const std::filesystem::path& path);

}  // namespace millrace::pipeline
