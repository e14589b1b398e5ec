#include "backup/log_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"

namespace millrace::backup {

namespace fs = std::filesystem;

namespace {

constexpr int max_log_attempts = 5;
constexpr const char* topics = "topics";

std::vector<std::string> names_in(const fs::path& directory, const std::string& extension) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
        if (entry.path().extension() == extension) names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

/// Copies the segments of a partition. Only the last one still grows, so it is copied by its bytes. False
/// when retention has removed a segment meanwhile.
bool copy_segments(FileCopier& copier, const fs::path& partition) {
    const auto segments = names_in(copier.from() / partition, ".log");
    for (const std::string& name : segments) {
        const bool grows = name == segments.back();
        if (!(grows ? copier.copy(partition / name) : copier.link(partition / name))) return false;
        // The index is a hint that is made again when it is missing.
        copier.copy(partition / fs::path(name).replace_extension(".idx"));
    }
    return true;
}

void copy_partition(FileCopier& copier, const fs::path& partition) {
    for (int attempt = 0; attempt < max_log_attempts; ++attempt) {
        if (copy_segments(copier, partition)) return;
        copier.discard(partition);
    }
    throw Error(fmt::format("copying {}", (copier.from() / partition).string()),
                fmt::format("segments were removed during each of {} attempts", max_log_attempts),
                "Try again.");
}

}  // namespace

/// The published ends are copied before the segments: these then have all records before the ends.
void copy_log(FileCopier& copier) {
    if (!fs::exists(copier.from() / topics)) return;
    for (const char* extension : {".json", ".published"}) {
        for (const std::string& name : names_in(copier.from() / topics, extension))
            copier.copy(fs::path(topics) / name);
    }
    for (const auto& entry : fs::directory_iterator(copier.from())) {
        if (entry.is_directory() && entry.path().filename() != topics)
            copy_partition(copier, entry.path().filename());
    }
}

}  // namespace millrace::backup
