#pragma once

#include "gold/state/strings.h"

namespace millrace::gold {

/// Makes the entries of events (Entry) as strings of Field::entry, once for the same page, referrer and
/// campaign. Most referrers are pages of the same site, which say nothing. Not thread-safe: it adds strings.
class Entries {
  public:
    explicit Entries(Strings& strings) : strings_(strings) {}

    /// Returns the entry for a page (Field::page), and its referrer, utm_source, utm_medium and utm_campaign
    /// (Field::visit), in this order; 0 where nothing is known.
    [[nodiscard]] StringId of(Strings::Parts parts) const;

  private:
    [[nodiscard]] bool is_own(StringId referrer, StringId page) const;
    [[nodiscard]] StringId make(const Strings::Parts& parts) const;

    Strings& strings_;
};

}  // namespace millrace::gold
