#pragma once

#include <string_view>

#include "produce/random.h"

namespace millrace::produce {

/// Where a visit comes from.
struct Source {
    std::string_view referrer;  ///< of the landing page; empty: the browser tells none
    std::string_view utm;       ///< the query of the landing page's URL, or empty
    unsigned share = 0;         ///< of a hundred visits
    unsigned on_home_page = 0;  ///< of a hundred of its visits, those that land there,
    unsigned on_product = 0;    ///< or on a product; the others land on a category
    double keenness = 1;        ///< how readily its visitors put things into the cart; 1 is the average
};

/// What a visitor looks at the shop with.
struct Device {
    std::string_view type;  ///< mobile, desktop or tablet
    std::string_view user_agent;
    unsigned share = 0;  ///< of a hundred users
};

/// A source, each as often as its share says. It lives as long as the program.
const Source& any_source(Random& random);
/// Likewise a device.
const Device& any_device(Random& random);
/// The one that a user mostly has.
const Device& own_device(std::uint32_t user);

}  // namespace millrace::produce
