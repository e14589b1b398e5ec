#include "base/random_id.h"

#include <fmt/format.h>

#include <random>

namespace millrace::base {

std::string random_id() {
    std::random_device device;
    return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace millrace::base
