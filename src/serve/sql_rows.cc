#include "serve/sql_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"

namespace millrace::serve {

namespace json = boost::json;

namespace {

bool is_space(unsigned char c) {
    return std::isspace(c) != 0;
}

/// Returns whether a character can belong to a number or a word such as null or NaN.
bool is_of_word(unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '+' || c == '.';
}

/// Returns the end of the string whose opening quote is at `start`.
std::size_t end_of_string(std::string_view text, std::size_t start) {
    for (std::size_t at = start + 1; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            return at + 1;
        }
    }
    throw Error("reading DuckDB's answer", "it ends within a string");
}

/// Returns a word as valid JSON. DuckDB writes NaN and infinities as bare words, and passes on other
/// spellings in values of its type JSON.
std::string valid_word(std::string_view word) {
    const bool negative = word.starts_with('-');
    const std::string_view name = word.substr(negative ? 1 : 0);
    if (name.empty() || std::isalpha(static_cast<unsigned char>(name.front())) == 0 || name == "true" ||
        name == "false" || name == "null")
        return std::string(word);
    const int first = std::tolower(static_cast<unsigned char>(name.front()));
    const std::string plain = first == 'n' ? "NaN" : first == 'i' ? "Infinity" : std::string(name);
    return fmt::format("\"{}{}\"", negative ? "-" : "", plain);
}

/// Takes one JSON value after another from a text, without the white space in it. It does not recurse, so a
/// value may be nested to any depth.
class JsonTexts {
  public:
    explicit JsonTexts(std::string_view text) : text_(text) {}

    /// Returns the next value, or an empty string at the end.
    std::string next() {
        std::string value;
        int depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                const std::size_t end = end_of_string(text_, at_);
                value += text_.substr(at_, end - at_);
                at_ = end;
            } else if (is_of_word(static_cast<unsigned char>(c))) {
                value += valid_word(take_word());
            } else {
                if (!is_space(static_cast<unsigned char>(c))) value += c;
                if (c == '{' || c == '[') ++depth;
                if (c == '}' || c == ']') --depth;
                ++at_;
            }
            if (depth == 0 && !value.empty()) return value;
        }
        if (!value.empty()) throw Error("reading DuckDB's answer", "it ends within a row");
        return value;
    }

  private:
    std::string_view take_word() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_of_word(static_cast<unsigned char>(text_[at_]))) ++at_;
        return text_.substr(start, at_ - start);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Returns the end of the value that begins at `start`, which is the position of the comma or bracket after
/// it.
std::size_t end_of_value(std::string_view text, std::size_t start) {
    int depth = 0;
    for (std::size_t at = start; at < text.size(); ++at) {
        const char c = text[at];
        if (depth == 0 && (c == ',' || c == '}')) return at;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        if (c == '"') at = end_of_string(text, at) - 1;
    }
    return text.size();
}

}  // namespace

bool SqlColumn::is_number() const {
    constexpr std::array<std::string_view, 12> names = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                                        "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                                        "UBIGINT", "UHUGEINT", "FLOAT",     "DOUBLE"};
    return std::ranges::find(names, type) != names.end() ||
           (type.starts_with("DECIMAL(") && type.ends_with(')'));
}

std::string SqlRows::to_json(const json::object& more) const {
    json::array described;
    for (const SqlColumn& column : columns)
        described.push_back({{"name", column.name}, {"type", column.type}});
    std::string text = "{\"columns\":" + json::serialize(described) + ",\"rows\":[";
    for (const std::string& row : rows) {
        if (&row != &rows.front()) text += ',';
        text += row;
    }
    text += truncated ? "],\"truncated\":true" : "],\"truncated\":false";
    for (const auto& [name, value] : more)
        text += "," + json::serialize(json::string(name)) + ":" + json::serialize(value);
    return text + "}";
}

std::vector<std::string_view> sql_values(std::string_view row) {
    std::vector<std::string_view> values;
    std::size_t at = 1;  // skips the opening bracket
    while (at < row.size() && row[at] == '"') {
        const std::size_t start = end_of_string(row, at) + 1;  // skips the colon
        const std::size_t end = end_of_value(row, start);
        values.push_back(row.substr(start, end - start));
        at = end + 1;
    }
    return values;
}

std::string sql_text(std::string_view value) {
    if (value == "null") return {};
    if (!value.starts_with('"')) return std::string(value);
    return std::string(base::parse_json(value, "DuckDB's answer").as_string());
}

std::vector<SqlColumn> read_sql_columns(std::string_view text) {
    std::vector<SqlColumn> columns;
    JsonTexts texts(text);
    for (std::string each = texts.next(); !each.empty(); each = texts.next()) {
        const auto column = base::parse_json(each, "DuckDB's answer").as_object();
        columns.push_back(
            {base::string_member(column, "column_name"), base::string_member(column, "column_type")});
    }
    return columns;
}

SqlRows read_sql_rows(std::string_view columns, std::string_view rows, std::int64_t limit) {
    SqlRows result{.columns = read_sql_columns(columns)};
    JsonTexts texts(rows);
    for (std::string each = texts.next(); !each.empty(); each = texts.next()) {
        result.truncated = static_cast<std::int64_t>(result.rows.size()) == limit;
        if (result.truncated) break;
        result.rows.push_back(std::move(each));
    }
    return result;
}

}  // namespace millrace::serve
