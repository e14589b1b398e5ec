#include "api/live_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace millrace::api {

namespace {

/// Returns the text in lower case without quotes, with one space for each run of white space.
std::string simplified(std::string_view query) {
    std::string text;
    for (const unsigned char c : query) {
        if (c == '"') continue;
        const bool gap = std::isspace(c) != 0;
        if (!gap || !text.ends_with(' ')) text += gap ? ' ' : static_cast<char>(std::tolower(c));
    }
    return text;
}

std::string_view without_gap(std::string_view text) {
    return text.substr(text.starts_with(' ') ? 1 : 0);
}

/// Calls `visit` with what follows each `live.` in the query. Returns false if a comment splits a name.
template <typename Visit>
bool each_live_name(std::string_view query, Visit&& visit) {
    constexpr std::string_view schema = "live";
    const std::string text = simplified(query);
    const auto is_comment = [](std::string_view rest) {
        return rest.starts_with("/*") || rest.starts_with("--");
    };
    for (auto at = text.find(schema); at != std::string::npos; at = text.find(schema, at + 1)) {
        const unsigned char before = at == 0 ? ' ' : text[at - 1];
        if (std::isalnum(before) != 0 || before == '_') continue;  // part of another word, such as olive
        std::string_view rest = without_gap(std::string_view(text).substr(at + schema.size()));
        if (rest.starts_with('.')) rest = without_gap(rest.substr(1));
        if (is_comment(rest)) return false;
        visit(rest);
    }
    return true;
}

}  // namespace

gold::TableSet live_tables(std::string_view query) {
    gold::TableSet tables;
    const bool known = each_live_name(query, [&](std::string_view rest) {
        for (const gold::Table table : gold::metric_tables) {
            if (rest.starts_with(gold::table_name(table))) tables.insert(table);
        }
    });
    return known ? tables : gold::all_metrics();
}

bool uses_live_silver(std::string_view query) {
    bool uses = false;
    const bool known =
        each_live_name(query, [&](std::string_view rest) { uses = uses || rest.starts_with("silver"); });
    return uses || !known;
}

std::map<gold::Table, serve::SqlView*> add_live_views(std::vector<serve::SqlView>& views) {
    views.reserve(views.size() + gold::table_count);  // reserved so that the pointers stay valid
    std::map<gold::Table, serve::SqlView*> added;
    for (const gold::Table table : gold::all_tables) {
        const std::string_view name = gold::table_name(table);
        serve::SqlView live = *std::ranges::find(views, fmt::format("gold.{}", name), &serve::SqlView::name);
        live.name = fmt::format("live.{}", name);
        added[table] = &views.emplace_back(std::move(live));
    }
    return added;
}

}  // namespace millrace::api
