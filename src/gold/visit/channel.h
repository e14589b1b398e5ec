#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::gold {

/// The host of a URL in lower case, without `www.`, user and port, such as `shop.example`; empty where the
/// URL has none. Apps have URLs such as android-app://com.example.
[[nodiscard]] std::string host_of(std::string_view url);

/// Returns true if two hosts are those of one site, such as shop.example and checkout.shop.example.
[[nodiscard]] bool is_same_site(std::string_view one, std::string_view other);

/// Returns a hash of the site of a URL's host, which is the same for two URLs of one site; 0 where the URL
/// has no host.
[[nodiscard]] std::uint64_t site_hash(std::string_view url);

/// What tells how a visitor came to the shop. Texts may be empty.
struct Arrival {
    std::string_view medium;         ///< utm_medium
    std::string_view source;         ///< utm_source
    std::string_view referrer_host;  ///< host_of() the page before, unless it is the shop's own
    std::string_view page_url;       ///< the shop's page, whose query may have an advertisement's click id
};

/// Returns the channel of a visit: `paid`, `mail`, `social`, `search`, `referral` or `direct`.
/// docs/metrics.md has the rules.
[[nodiscard]] std::string_view channel_of(const Arrival& arrival);

/// What channel_of() returns, as a number; `unknown` where nothing tells how the visitor came.
enum class Channel : std::uint8_t { unknown, direct, mail, paid, referral, search, social };

/// Returns the channel of a name, and `unknown` for any other text.
[[nodiscard]] Channel channel_named(std::string_view name);
/// Returns the name of a channel; empty for `unknown`.
[[nodiscard]] std::string_view name_of(Channel channel);

}  // namespace millrace::gold
