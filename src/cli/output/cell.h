#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

/// The cells of tables that commands show. A cell is a JSON value (storage/cell.h); its texts may be any
/// bytes until they are written as JSON.
namespace millrace::cli {

/// A column of a table that is shown. Its type has DuckDB's name for it, such as BIGINT or DECIMAL(38,4).
struct TextColumn {
    std::string name;
    std::string type = "VARCHAR";
    bool is_count = false;  ///< people see its thousands apart; ids and places have no thousands

    [[nodiscard]] bool is_number() const;
};

[[nodiscard]] TextColumn text_column(std::string name);
[[nodiscard]] TextColumn number_column(std::string name);
[[nodiscard]] TextColumn count_column(std::string name);
[[nodiscard]] TextColumn time_column(std::string name);

/// The text itself when it is UTF-8, else {"base64": "…"}: JSON can hold no other bytes.
[[nodiscard]] base::json::value text_or_base64(std::string_view bytes);

/// A cell as JSON: numbers as people write them (972.2), what isn't finite as null.
[[nodiscard]] std::string json_text(const base::json::value& cell);

/// A cell with all that it holds, on one line without tabs: \t, \n, \r and \\ stand for these characters.
[[nodiscard]] std::string raw_text(const base::json::value& cell);

/// A cell for people: counts with their thousands apart, doubles and decimals short, times to the ms, null as
/// NULL, and nothing that a terminal would take for a command.
[[nodiscard]] std::string shown_text(const base::json::value& cell, const TextColumn& column);

}  // namespace millrace::cli
