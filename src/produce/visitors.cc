#include "produce/visitors.h"

#include <array>
#include <cstdint>

namespace millrace::produce {

namespace {

constexpr std::array<Source, 15> sources = {{
    {"", "", 26, 65, 20, 1.2},
    {"https://www.google.com/", "", 20, 15, 60, 1.1},
    {"https://www.bing.com/", "", 3, 15, 60, 1.1},
    {"https://duckduckgo.com/", "", 2, 15, 60, 1.1},
    {"https://www.instagram.com/", "", 6, 10, 75, 0.5},
    {"https://www.facebook.com/", "", 4, 10, 75, 0.5},
    {"", "utm_source=newsletter&utm_medium=email&utm_campaign=weekly_offers", 7, 30, 40, 1.6},
    {"", "utm_source=newsletter&utm_medium=email&utm_campaign=cart_reminder", 3, 10, 60, 1.8},
    {"https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=brand", 5, 60, 20, 1.3},
    {"https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=shopping", 7, 5, 90, 1.0},
    {"https://www.facebook.com/", "utm_source=facebook&utm_medium=paid_social&utm_campaign=season_sale", 5,
     10, 70, 0.6},
    {"https://www.instagram.com/", "utm_source=instagram&utm_medium=paid_social&utm_campaign=new_arrivals", 4,
     10, 70, 0.5},
    {"https://www.gadget-review.example/best-headphones", "", 4, 5, 90, 0.9},
    {"https://deals.example/today", "", 3, 10, 80, 0.9},
    {"https://forum.home-and-garden.example/", "", 1, 30, 50, 0.9},
}};

constexpr std::array<Device, 10> devices = {{
    {"mobile",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.5 Mobile/15E148 Safari/604.1",
     24},
    {"mobile",
     "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile "
     "Safari/537.36",
     22},
    {"mobile",
     "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
     "Chrome/130.0.0.0 Mobile Safari/537.36",
     8},
    {"desktop",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
     "Safari/537.36",
     19},
    {"desktop",
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
     "Safari/605.1.15",
     9},
    {"desktop",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
     "Safari/537.36 Edg/138.0.0.0",
     7},
    {"desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", 4},
    {"desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 1},
    {"tablet",
     "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
     "Mobile/15E148 Safari/604.1",
     5},
    {"tablet",
     "Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
     "Safari/537.36",
     1},
}};

template <typename Table>
constexpr unsigned shares(const Table& table) {
    unsigned sum = 0;
    for (const auto& each : table) sum += each.share;
    return sum;
}
static_assert(shares(sources) == 100 && shares(devices) == 100);

/// Returns the entry into whose share `place` falls. `place` is below 100.
template <typename Table>
const typename Table::value_type& at_place(const Table& table, unsigned place) {
    for (const auto& each : table) {
        if (place < each.share) return each;
        place -= each.share;
    }
    return table.back();
}

}  // namespace

const Source& any_source(Random& random) {
    return at_place(sources, random.below(100));
}

const Device& any_device(Random& random) {
    return at_place(devices, random.below(100));
}

const Device& own_device(std::uint32_t user) {
    return at_place(devices, static_cast<unsigned>(scrambled(user) % 100));
}

}  // namespace millrace::produce
