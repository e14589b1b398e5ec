#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/delta_checkpoint.h"

namespace millrace::gold {

/// The content of a data file of a gold table, as its name tells it (docs/formats/gold.md).
struct GoldFile {
    enum class Kind {
        closed,       ///< rows of closed windows
        joined,       ///< rows of closed windows, joined from several files
        provisional,  ///< rows of windows that were open when Gold ended; the next start withdraws them
    };

    Kind kind = Kind::closed;
    /// The version of Silver up to which Gold had taken in events; -1 for a file of another engine.
    storage::Version version = storage::no_version;

    /// The start of the file's name, such as `part-v812`.
    [[nodiscard]] std::string prefix() const;
    [[nodiscard]] bool is_provisional() const { return kind == Kind::provisional; }
};

/// Parses the name of a file. `path` is relative to the table's root.
GoldFile gold_file(std::string_view path);

/// The app id of a gold table's txn whose version is the number of its provisional files.
inline constexpr const char* provisional_app_id = "millrace/gold/provisional";

/// The number of provisional files of a gold table, and the number of their rows.
std::int64_t count_provisional_files(const storage::Snapshot& snapshot);
std::int64_t count_provisional_rows(const storage::Snapshot& snapshot);
/// Whether the table has all provisional files that Gold has written. Another engine that joins or rewrites
/// files hides which rows are provisional.
bool provisional_files_are_whole(const storage::Snapshot& snapshot);

}  // namespace millrace::gold
