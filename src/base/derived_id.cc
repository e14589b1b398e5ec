#include "base/derived_id.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <iterator>

namespace millrace::base {

std::string derived_id(std::initializer_list<std::string_view> texts) {
    std::string all;
    // The lengths keep two different lists from having the same joined text.
    for (const std::string_view text : texts)
        fmt::format_to(std::back_inserter(all), "{}:{}", text.size(), text);
    const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace millrace::base
