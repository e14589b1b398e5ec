#include "silver/bots.h"

#include <re2/re2.h>
#include <re2/set.h>
#include <xxhash.h>

#include <memory>
#include <stdexcept>

namespace millrace::silver {

namespace {

constexpr std::size_t max_known = 10'000;

/// All patterns, compiled into one automaton on the first call.
const RE2::Set& patterns() {
    static const auto made = [] {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(std::int64_t{16} << 20U);
        auto set = std::make_unique<RE2::Set>(options, RE2::UNANCHORED);
        for (const std::string_view pattern : bot_patterns())
            set->Add({pattern.data(), pattern.size()}, nullptr);
        if (!set->Compile()) throw std::runtime_error("the list of bot patterns is too large for RE2");
        return set;
    }();
    return *made;
}

}  // namespace

bool Bots::is_bot(std::string_view user_agent) {
    const std::uint64_t hash = XXH3_64bits(user_agent.data(), user_agent.size());
    if (const auto found = known_.find(hash); found != known_.end()) return found->second;
    if (known_.size() >= max_known) known_.clear();
    const bool bot = patterns().Match({user_agent.data(), user_agent.size()}, nullptr);
    known_.emplace(hash, bot);
    return bot;
}

}  // namespace millrace::silver
