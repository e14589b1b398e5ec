#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::silver {

/// Regular expressions, one of which is in each user agent of a bot that is known
/// (https://github.com/monperrus/crawler-user-agents; put in by the build).
const std::vector<std::string_view>& bot_patterns();

/// Tells bots by their user agents. Remembers what it has seen, since few user agents make up most events;
/// not thread-safe.
class Bots {
  public:
    [[nodiscard]] bool is_bot(std::string_view user_agent);

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return boost::hash<std::string_view>()(text); }
    };
    boost::unordered_flat_map<std::string, bool, Hash, std::equal_to<>> known_;
};

}  // namespace millrace::silver
