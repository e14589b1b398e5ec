#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/delta_checkpoint.h"

namespace millrace::gold {

/// What a data file of a gold table holds, which its name says (docs/formats/gold.md).
struct GoldFile {
    enum class Kind {
        closed,       ///< rows of closed windows
        joined,       ///< the same, joined from several files
        provisional,  ///< rows of windows that were open when Gold ended; the next start withdraws them
    };

    Kind kind = Kind::closed;
    std::int64_t version = -1;  ///< of silver, up to which Gold had taken it in; -1: another engine's file

    /// What the file's name begins with, such as `part-v812`.
    [[nodiscard]] std::string prefix() const;
    [[nodiscard]] bool is_provisional() const { return kind == Kind::provisional; }
};

/// What the file at a table's `path` holds.
GoldFile gold_file(std::string_view path);

/// The app id of a gold table's txn whose version is the number of its provisional files.
inline constexpr const char* provisional_app_id = "millrace/gold/provisional";

/// How many provisional files a gold table names, and how many rows these have.
std::int64_t count_provisional_files(const storage::Snapshot& snapshot);
std::int64_t count_provisional_rows(const storage::Snapshot& snapshot);
/// Whether these are all that Gold has written: another engine that joins or rewrites files would hide which
/// rows are provisional.
bool provisional_files_are_whole(const storage::Snapshot& snapshot);

}  // namespace millrace::gold
