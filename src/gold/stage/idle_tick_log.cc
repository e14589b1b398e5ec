#include "gold/stage/idle_tick_log.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace millrace::gold {

namespace json = boost::json;

namespace {

/// Nothing when `text` is not a log of ticks.
std::optional<std::vector<IdleTickLog::Tick>> parse(std::string_view text) {
    boost::system::error_code error;
    const json::value known = json::parse(text, error);
    if (error || !known.is_array()) return std::nullopt;
    std::vector<IdleTickLog::Tick> ticks;
    for (const json::value& each : known.get_array()) {
        const json::object* tick = each.if_object();
        if (tick == nullptr || !base::member(*tick, "silver_version").is_int64() ||
            !base::member(*tick, "now_ms").is_int64())
            return std::nullopt;
        ticks.push_back({storage::Version(tick->at("silver_version").get_int64()),
                         base::from_ms(tick->at("now_ms").get_int64())});
    }
    return ticks;
}

}  // namespace

bool IdleTickLog::load() {
    ticks_.clear();
    const auto content = base::read_file_if_exists(path_);
    if (!content) return true;
    auto ticks = parse(*content);
    if (!ticks) {
        spdlog::warn("gold: {} is damaged, so the state of the alerts is unknown; Gold will be rebuilt",
                     path_.string());
        return false;
    }
    ticks_ = std::move(*ticks);
    return true;
}

void IdleTickLog::clear() {
    ticks_.clear();
    std::filesystem::remove(path_);
}

std::vector<IdleTickLog::Tick> IdleTickLog::after(storage::Version silver_version) const {
    std::vector<Tick> found;
    std::ranges::copy_if(ticks_, std::back_inserter(found),
                         [&](const Tick& tick) { return tick.silver_version == silver_version; });
    return found;
}

void IdleTickLog::add(const Tick& tick) {
    ticks_.push_back(tick);
    write();
}

void IdleTickLog::forget_before(storage::Version silver_version) {
    if (std::erase_if(ticks_, [&](const Tick& tick) { return tick.silver_version < silver_version; }) > 0)
        write();
}

void IdleTickLog::write() const {
    json::array all;
    for (const Tick& tick : ticks_)
        all.push_back(
            json::object{{"silver_version", tick.silver_version.value()}, {"now_ms", base::to_ms(tick.now)}});
    base::replace_file(path_, json::serialize(all) + "\n");
}

}  // namespace millrace::gold
