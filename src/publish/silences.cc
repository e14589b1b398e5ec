#include "publish/silences.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/file.h"

namespace millrace::publish {

namespace json = boost::json;

namespace {

std::filesystem::path path_of(const catalog::DataDirectory& data) {
    return data.gold() / "silences.json";
}

}  // namespace

json::object Silence::to_json() const {
    return {{"rule", rule}, {"subject", subject}, {"until", base::to_ms(until)}};
}

std::vector<Silence> read_silences(const catalog::DataDirectory& data, base::WallTime now) {
    std::vector<Silence> silences;
    const auto text = base::read_file_if_exists(path_of(data));
    if (!text) return silences;
    try {
        const auto parsed = base::parse_json(*text, path_of(data).string());
        for (const auto& each : parsed.at("silences").as_array()) {
            const auto& silence = each.as_object();
            const base::WallTime until = base::from_ms(base::integer_member(silence, "until"));
            if (until > now)
                silences.push_back(
                    {base::string_member(silence, "rule"), base::string_member(silence, "subject"), until});
        }
    } catch (const std::exception& error) {
        throw Error(fmt::format("reading {}", path_of(data).string()),
                    fmt::format("it is no list of silences: {}", error.what()),
                    "Remove the file, and silence the alerts again.");
    }
    return silences;
}

void put_silence(const catalog::DataDirectory& data, const Silence& silence, base::WallTime now) {
    base::make_directory(data.gold());
    base::File file(data.gold() / ".silences.lock", base::File::Mode::read_write);
    const std::lock_guard lock(file);
    auto silences = read_silences(data, now);
    std::erase_if(silences, [&](const Silence& each) {
        return each.rule == silence.rule && each.subject == silence.subject;
    });
    if (silence.until > now) silences.push_back(silence);
    json::array all;
    for (const Silence& each : silences) all.push_back(each.to_json());
    base::replace_file(path_of(data), json::serialize(json::object{{"silences", all}}) + "\n");
}

bool is_silenced(const model::Alert& alert, const std::vector<Silence>& silences) {
    return std::ranges::any_of(silences, [&](const Silence& each) {
        return each.rule == alert.rule && (each.subject.empty() || each.subject == alert.subject);
    });
}

}  // namespace millrace::publish
