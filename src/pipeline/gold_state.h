#pragma once

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

/// Replaces the state file, atomically and durably.
void write_gold_state(const std::filesystem::path& path, const GoldState& state);

/// Nothing when there is none, or it was written by another version of the program or is damaged, which is
/// told as a warning: the state is then built anew.
std::optional<GoldState> read_gold_state(const std::filesystem::path& path);

}  // namespace millrace::pipeline
