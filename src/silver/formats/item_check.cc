#include "silver/formats/item_check.h"

#include <cstdint>

namespace millrace::silver {

void check_items(Checker& checker, std::span<Item> items, base::WallTime log_time) {
    std::int64_t refused = 0;
    for (Item& item : items) {
        if (!item.ignored.empty()) continue;
        if (item.verdict.ok()) item.verdict = checker.check(item.event, log_time);
        refused += item.verdict.ok() ? 0 : 1;
    }
    if (refused == 0) return;
    for (Item& item : items) {
        if (item.ignored.empty() && item.verdict.ok() && item.event.order_id)
            item.event.with_details().order_refused = refused;
    }
}

}  // namespace millrace::silver
