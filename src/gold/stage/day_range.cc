#include "gold/stage/day_range.h"

#include "model/timestamp.h"

namespace millrace::gold {

std::string DayRange::text() const {
    return from == to ? model::format_day(from) : model::format_day(from) + " to " + model::format_day(to);
}

}  // namespace millrace::gold
