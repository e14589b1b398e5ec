#include "gold/stage/gold_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "storage/file_stats.h"

namespace millrace::gold {

namespace {

constexpr std::array<std::pair<GoldFile::Kind, std::string_view>, 3> prefixes = {{
    {GoldFile::Kind::closed, "part-v"},
    {GoldFile::Kind::joined, "part-j"},
    {GoldFile::Kind::provisional, "part-p"},
}};

}  // namespace

std::string GoldFile::prefix() const {
    const auto* const found = std::ranges::find(prefixes, kind, &decltype(prefixes)::value_type::first);
    return fmt::format("{}{}", found->second, std::max(version, storage::Version(0)));
}

GoldFile gold_file(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    for (const auto& [kind, prefix] : prefixes) {
        if (!name.starts_with(prefix)) continue;
        std::int64_t version = 0;
        const auto [end, error] =
            std::from_chars(name.data() + prefix.size(), name.data() + name.size(), version);
        if (error == std::errc()) return {.kind = kind, .version = storage::Version(version)};
    }
    return {};
}

std::int64_t count_provisional_files(const storage::Snapshot& snapshot) {
    return std::ranges::count_if(snapshot.files,
                                 [](const auto& item) { return gold_file(item.first).is_provisional(); });
}

std::int64_t count_provisional_rows(const storage::Snapshot& snapshot) {
    std::int64_t rows = 0;
    for (const auto& [path, add] : snapshot.files)
        rows += gold_file(path).is_provisional() ? storage::FileStats(add).rows().value_or(0) : 0;
    return rows;
}

bool provisional_files_are_whole(const storage::Snapshot& snapshot) {
    return count_provisional_files(snapshot) ==
           std::max<std::int64_t>(snapshot.txn(provisional_app_id, 0), 0);
}

}  // namespace millrace::gold
