#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::silver {

/// Regular expressions for the user agents of known bots. The build generates the list from
/// https://github.com/monperrus/crawler-user-agents.
const std::vector<std::string_view>& bot_patterns();

/// Recognises bots by their user agents. Caches the result by the hash of the user agent: few user agents
/// make up most events, but a sender can choose one of any length. Not thread-safe.
class Bots {
  public:
    [[nodiscard]] bool is_bot(std::string_view user_agent);

  private:
    // Whether a user agent is a bot, by the XXH3 hash of the user agent.
    boost::unordered_flat_map<std::uint64_t, bool> known_;
};

}  // namespace millrace::silver
