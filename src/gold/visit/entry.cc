#include "gold/visit/entry.h"

#include <algorithm>
#include <array>

#include "gold/visit/channel.h"

namespace millrace::gold {

namespace {

using std::string_view;

constexpr char separator = '\x1f';

void append(string_view part, std::string& text) {
    for (const char c : part) text += c == separator ? ' ' : c;
    text += separator;
}

string_view take(string_view& text) {
    const auto end = std::min(text.find(separator), text.size());
    const string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

string_view without_query(string_view url) {
    return url.substr(0, url.find_first_of("?#"));
}

/// The path of a URL; `/` where it has only a host.
string_view path_of(string_view url) {
    url = without_query(url);
    const auto scheme = url.find("://");
    if (scheme == string_view::npos) return url;
    const auto slash = url.find('/', scheme + 3);
    return slash == string_view::npos ? string_view("/") : url.substr(slash);
}

}  // namespace

Entry Entry::of(std::string_view text) {
    Entry entry;
    for (string_view* part : {&entry.channel, &entry.source, &entry.utm_source, &entry.utm_medium,
                              &entry.utm_campaign, &entry.referrer, &entry.landing_page}) {
        *part = take(text);
    }
    return entry;
}

std::string Entry::text() const {
    std::string text;
    for (const string_view part :
         {channel, source, utm_source, utm_medium, utm_campaign, referrer, landing_page})
        append(part, text);
    return text;
}

std::string entry_text(const PageVisit& visit) {
    const std::string own = host_of(visit.page_url);
    std::string from = host_of(visit.referrer);
    const bool is_other_site = !from.empty() && !is_same_site(from, own);
    if (!is_other_site) from.clear();
    const Entry entry{.channel = channel_of({visit.utm_medium, visit.utm_source, from, visit.page_url}),
                      .source = visit.utm_source.empty() ? string_view(from) : visit.utm_source,
                      .utm_source = visit.utm_source,
                      .utm_medium = visit.utm_medium,
                      .utm_campaign = visit.utm_campaign,
                      .referrer = is_other_site ? without_query(visit.referrer) : string_view(),
                      .landing_page = path_of(visit.page_url)};
    return entry.text();
}

}  // namespace millrace::gold
