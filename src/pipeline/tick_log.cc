#include "pipeline/tick_log.h"

#include <algorithm>

#include "base/file.h"
#include "base/json.h"

namespace millrace::pipeline {

namespace json = boost::json;

TickLog::TickLog(std::filesystem::path path) : path_(std::move(path)) {
    const auto content = base::read_file_if_exists(path_);
    if (!content) return;
    const json::value known = base::parse_json(*content, path_.string());
    for (const json::value& each : known.as_array()) {
        const json::object& tick = each.as_object();
        ticks_.push_back(
            {base::integer_member(tick, "silver_version"), base::integer_member(tick, "now_ms")});
    }
}

std::vector<TickLog::Tick> TickLog::after(std::int64_t silver_version) const {
    std::vector<Tick> found;
    std::ranges::copy_if(ticks_, std::back_inserter(found),
                         [&](const Tick& tick) { return tick.silver_version == silver_version; });
    return found;
}

void TickLog::add(const Tick& tick) {
    ticks_.push_back(tick);
    write();
}

void TickLog::forget_before(std::int64_t silver_version) {
    if (std::erase_if(ticks_, [&](const Tick& tick) { return tick.silver_version < silver_version; }) > 0)
        write();
}

void TickLog::write() const {
    json::array all;
    for (const Tick& tick : ticks_)
        all.push_back(json::object{{"silver_version", tick.silver_version}, {"now_ms", tick.now_ms}});
    base::replace_file(path_, json::serialize(all) + "\n");
}

}  // namespace millrace::pipeline
