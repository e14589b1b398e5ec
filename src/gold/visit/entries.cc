#include "gold/visit/entries.h"

#include "gold/visit/channel.h"
#include "gold/visit/entry.h"

namespace millrace::gold {

StringId Entries::of(Strings::Parts parts) const {
    const StringId page = parts[0];
    if (parts[1] != 0 && is_own(parts[1], page)) parts[1] = 0;
    if ((parts[1] | parts[2] | parts[3] | parts[4]) != 0)
        return strings_.derived(parts, [&] { return make(parts); });
    return page == 0 ? 0 : strings_.page_entries().get(page, [&] { return make(parts); });
}

/// Whether a referrer is a page of the same site.
bool Entries::is_own(StringId referrer, StringId page) const {
    const auto site_of = [this](Field field, StringId url) {
        return [this, field, url] { return site_hash(strings_.value(field, url)); };
    };
    const std::uint64_t site = strings_.referrer_sites().get(referrer, site_of(Field::visit, referrer));
    return site != 0 && site == strings_.page_sites().get(page, site_of(Field::page, page));
}

StringId Entries::make(const Strings::Parts& parts) const {
    const auto text = [&](std::size_t i) { return strings_.value(Field::visit, parts[i]); };
    return strings_[Field::entry].add(
        entry_text({strings_.value(Field::page, parts[0]), text(1), text(2), text(3), text(4)}));
}

}  // namespace millrace::gold
