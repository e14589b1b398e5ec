#pragma once

#include <string_view>

#include "produce/random.h"

namespace millrace::produce {

/// The place that a visit comes from.
struct Source {
    std::string_view referrer;  ///< referrer of the landing page, or empty if the browser sends none
    std::string_view utm;       ///< the query of the landing page's URL, or empty
    unsigned share = 0;         ///< percentage of all visits
    unsigned on_home_page = 0;  ///< percentage of this source's visits that land on the home page
    /// Percentage of this source's visits that land on a product; the others land on a category.
    unsigned on_product = 0;
    double keenness = 1;  ///< how readily visitors of this source fill the cart; 1 is the average
};

/// The device that a visitor uses.
struct Device {
    std::string_view type;  ///< mobile, desktop or tablet
    std::string_view user_agent;
    unsigned share = 0;  ///< percentage of users
};

/// Returns a source with the probability of its share. It lives as long as the program.
const Source& any_source(Random& random);
/// Returns a device with the probability of its share. It lives as long as the program.
const Device& any_device(Random& random);
/// Returns the device that a user mostly uses. It lives as long as the program.
const Device& own_device(std::uint32_t user);

}  // namespace millrace::produce
