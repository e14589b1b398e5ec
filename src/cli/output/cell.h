#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

/// The cells of the tables that commands print. A cell is a JSON value (storage/cell.h). Its strings may hold
/// any bytes until they are written as JSON.
namespace millrace::cli {

/// A column of a printed table. Its type is DuckDB's name, such as BIGINT or DECIMAL(38,4).
struct TextColumn {
    std::string name;
    std::string type = "VARCHAR";
    bool is_count = false;  ///< shown with thousands separators, unlike ids and offsets

    [[nodiscard]] bool is_number() const;
};

[[nodiscard]] TextColumn text_column(std::string name);
[[nodiscard]] TextColumn number_column(std::string name);
[[nodiscard]] TextColumn count_column(std::string name);
[[nodiscard]] TextColumn time_column(std::string name);

/// The text itself if it is UTF-8, else {"base64": "…"}, since JSON cannot hold other bytes.
[[nodiscard]] base::json::value text_or_base64(std::string_view bytes);

/// A cell as JSON: numbers as people write them (972.2), and numbers that are not finite as null.
[[nodiscard]] std::string json_text(const base::json::value& cell);

/// The complete cell on one line without tabs: \t, \n, \r and \\ replace these characters.
[[nodiscard]] std::string raw_text(const base::json::value& cell);

/// A cell for people: counts with thousands separators, doubles and decimals shortened, times to the
/// millisecond, null as NULL, and no control characters for the terminal.
[[nodiscard]] std::string shown_text(const base::json::value& cell, const TextColumn& column);

}  // namespace millrace::cli
