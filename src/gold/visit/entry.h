#pragma once

#include <string>
#include <string_view>

namespace millrace::gold {

/// What the first page of a visit says: how the visitor came, and where to. Few visits differ in it, so an
/// event refers to its text as to a string (Field::entry). Texts may be empty.
struct Entry {
    std::string_view channel;       ///< channel_of()
    std::string_view source;        ///< who sent the visitor: the utm_source, or else the referrer's host
    std::string_view utm_source;    ///< as sent
    std::string_view utm_medium;    ///< as sent
    std::string_view utm_campaign;  ///< as sent
    std::string_view referrer;      ///< the page before, if it is another site's, without its query
    std::string_view landing_page;  ///< the path of the shop's page, without its query

    /// Reads what text() has returned. The members point into `text`.
    static Entry of(std::string_view text);
    [[nodiscard]] std::string text() const;
};

/// What an event says of its page. Texts may be empty.
struct PageVisit {
    std::string_view page_url;
    std::string_view referrer;
    std::string_view utm_source;
    std::string_view utm_medium;
    std::string_view utm_campaign;
};

/// Returns the text of the entry of a visit that begins with this page; empty where nothing is known.
[[nodiscard]] std::string entry_text(const PageVisit& visit);

}  // namespace millrace::gold
