#include "verify/finding.h"

#include <fmt/format.h>

namespace millrace::verify {

Check Finding::check(std::string counted) const {
    if (faults_ == 0) return {name_, true, std::move(counted)};
    return {name_, false, faults_ == 1 ? first_ : fmt::format("{} (and {} more)", first_, faults_ - 1)};
}

}  // namespace millrace::verify
