#include "gold/visit/channel.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <vector>

namespace millrace::gold {

namespace {

using std::string_view;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

bool is_one_of(string_view text, const auto& texts) {
    return std::ranges::find(texts, text) != std::end(texts);
}

/// The names of Channel.
constexpr auto channel_names =
    std::to_array<string_view>({"", "direct", "mail", "paid", "referral", "search", "social"});

constexpr auto paid_media = std::to_array<string_view>(
    {"cpc", "ppc", "cpm", "cpv", "cpa", "cpp", "display", "banner", "retargeting", "remarketing",
     "interstitial", "expandable", "affiliate", "affiliates", "ads", "ad"});
constexpr auto mail_media =
    std::to_array<string_view>({"email", "e-mail", "e_mail", "e mail", "mail", "newsletter"});
constexpr auto social_media =
    std::to_array<string_view>({"social", "social-network", "social-media", "social_network", "social_media",
                                "social network", "social media", "sm"});

/// Parameters that only advertisements add to a page's address.
constexpr auto click_ids = std::to_array<string_view>(
    {"gclid", "gbraid", "wbraid", "dclid", "msclkid", "ttclid", "twclid", "li_fat_id", "yclid"});

/// Names of sites: the part of the host before `.com`, `.co.uk` and so on.
constexpr auto search_sites = std::to_array<string_view>(
    {"google", "bing", "yahoo", "duckduckgo", "yandex", "baidu", "ecosia", "qwant", "startpage", "naver",
     "seznam", "sogou", "so", "ask", "aol", "brave", "search", "presearch", "kagi"});
constexpr auto social_sites = std::to_array<string_view>(
    {"facebook", "instagram", "twitter",  "x",         "linkedin", "pinterest", "reddit",
     "tiktok",   "youtube",   "snapchat", "vk",        "threads",  "tumblr",    "quora",
     "weibo",    "whatsapp",  "telegram", "discord",   "bsky",     "mastodon",  "xing",
     "nextdoor", "fb",        "ig",       "messenger", "line"});
constexpr auto social_hosts = std::to_array<string_view>(
    {"t.co", "t.me", "wa.me", "lnkd.in", "youtu.be", "pin.it", "redd.it", "fb.me", "m.me"});
constexpr auto mail_hosts = std::to_array<string_view>(
    {"mail.google.com", "outlook.live.com", "outlook.office.com", "outlook.office365.com", "mail.yahoo.com",
     "mail.aol.com", "mail.proton.me", "mail.yandex.ru", "e.mail.ru", "navigator.gmx.net", "navigator.web.de",
     "com.google.android.gm"});
constexpr auto search_hosts =
    std::to_array<string_view>({"com.google.android.googlequicksearchbox", "search.brave.com"});
/// Second-level domains below which names are registered, such as co.uk.
constexpr auto registries = std::to_array<string_view>({"co", "com", "org", "net", "ac", "gov", "ne", "or"});

std::vector<string_view> labels_of(string_view host) {
    std::vector<string_view> labels;
    for (const auto label : host | std::views::split('.')) labels.emplace_back(label.begin(), label.end());
    return labels;
}

/// A host in parts: `uk.search`, `yahoo` and `yahoo.com` of uk.search.yahoo.com.
struct Site {
    std::vector<string_view> subdomain;
    string_view name;
    string_view domain;
};

Site site_of(string_view host) {
    std::vector<string_view> labels = labels_of(host);
    if (labels.size() < 2) return {{}, host, host};
    const bool has_country = labels.back().size() == 2;
    labels.pop_back();
    if (has_country && labels.size() > 1 && is_one_of(labels.back(), registries)) labels.pop_back();
    const string_view name = labels.back();
    labels.pop_back();
    return {labels, name, host.substr(static_cast<std::size_t>(name.data() - host.data()))};
}

/// A search engine has its results on few of its hosts; docs.google.com is none of them.
bool has_results(string_view label) {
    constexpr auto names = std::to_array<string_view>({"m", "search", "images", "news", "lens", "html", "r"});
    return label.size() == 2 || is_one_of(label, names);
}

bool is_search(string_view host) {
    if (is_one_of(host, search_hosts)) return true;
    const Site site = site_of(host);
    return is_one_of(site.name, search_sites) && std::ranges::all_of(site.subdomain, has_results);
}

bool is_social(string_view host) {
    return is_one_of(host, social_hosts) || is_one_of(site_of(host).name, social_sites);
}

bool has_click_id(string_view page_url) {
    const auto question = page_url.find('?');
    if (question == string_view::npos) return false;
    for (const auto part : page_url.substr(question + 1) | std::views::split('&')) {
        const string_view parameter(part.begin(), part.end());
        if (is_one_of(parameter.substr(0, parameter.find('=')), click_ids)) return true;
    }
    return false;
}

}  // namespace

std::string host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == string_view::npos) return {};
    string_view host = url.substr(scheme + 3);
    host = host.substr(0, host.find_first_of("/?#\\"));
    if (const auto user = host.rfind('@'); user != string_view::npos) host.remove_prefix(user + 1);
    host = host.substr(0, host.find(':'));
    std::string name = lowered(host);
    if (name.starts_with("www.")) name.erase(0, 4);
    return name;
}

bool is_same_site(std::string_view one, std::string_view other) {
    return site_of(one).domain == site_of(other).domain;
}

std::uint64_t site_hash(std::string_view url) {
    const std::string host = host_of(url);
    if (host.empty()) return 0;
    const std::string_view domain = site_of(host).domain;
    return XXH3_64bits(domain.data(), domain.size());
}

std::string_view channel_of(const Arrival& arrival) {
    const std::string medium = lowered(arrival.medium);
    const std::string source = lowered(arrival.source);
    const string_view referrer = arrival.referrer_host;
    if (medium.starts_with("paid") || is_one_of(medium, paid_media) || has_click_id(arrival.page_url))
        return "paid";
    if (is_one_of(medium, mail_media) || is_one_of(source, mail_media) || is_one_of(referrer, mail_hosts))
        return "mail";
    // The sender's word counts before the referrer.
    const string_view from = source.empty() ? referrer : string_view(source);
    if (is_one_of(medium, social_media) || is_social(from)) return "social";
    if (medium == "organic" || is_search(from)) return "search";
    if (!from.empty() || !medium.empty() || !referrer.empty()) return "referral";
    return "direct";
}

Channel channel_named(std::string_view name) {
    const auto found = std::ranges::find(channel_names, name);
    return found == channel_names.end() ? Channel::unknown
                                        : static_cast<Channel>(found - channel_names.begin());
}

std::string_view name_of(Channel channel) {
    return channel_names[static_cast<std::size_t>(channel)];
}

}  // namespace millrace::gold
