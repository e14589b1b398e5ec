#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::silver {

/// Regular expressions, one of which is in each user agent of a bot that is known
/// (https://github.com/monperrus/crawler-user-agents; put in by the build).
const std::vector<std::string_view>& bot_patterns();

/// Tells bots by their user agents. Remembers what it has seen, since few user agents make up most events, by
/// their hashes, since senders choose how long one is. Not thread-safe.
class Bots {
  public:
    [[nodiscard]] bool is_bot(std::string_view user_agent);

  private:
    boost::unordered_flat_map<std::uint64_t, bool> known_;  // by XXH3
};

}  // namespace millrace::silver
