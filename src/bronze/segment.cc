#include "bronze/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace millrace::bronze {

namespace fs = std::filesystem;

fs::path Segment::index_path() const {
    return fs::path(path).replace_extension(".idx");
}

Segment segment_at(const fs::path& directory, Offset base) {
    return {base, directory / fmt::format("{:020}.log", base)};
}

std::vector<Segment> list_segments(const fs::path& directory) {
    std::vector<Segment> segments;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename().string();
        if (name.size() != 24 || !name.ends_with(".log")) continue;
        std::int64_t base = 0;
        const auto [end, failed] = std::from_chars(name.data(), name.data() + 20, base);
        if (failed == std::errc() && end == name.data() + 20)
            segments.push_back({Offset(base), entry.path()});
    }
    std::ranges::sort(segments, {}, &Segment::base);
    return segments;
}

std::vector<IndexEntry> read_index(const Segment& segment, std::int64_t log_bytes) {
    std::vector<IndexEntry> entries;
    const auto content = base::read_file_if_exists(segment.index_path());
    if (!content) return entries;
    entries.resize(content->size() / sizeof(IndexEntry));
    if (!entries.empty()) std::memcpy(entries.data(), content->data(), entries.size() * sizeof(IndexEntry));
    // A crash may leave entries for a tail that was cut, so only the valid beginning is kept.
    IndexEntry last{segment.base - 1, -1, {}};
    const auto bad = std::ranges::find_if(entries, [&](const IndexEntry& entry) {
        const bool sane =
            entry.offset > last.offset && entry.position > last.position && entry.position < log_bytes;
        last = entry;
        return !sane;
    });
    entries.erase(bad, entries.end());
    return entries;
}

void append_index(const Segment& segment, const IndexEntry& entry) {
    base::File file(segment.index_path(), base::File::Mode::read_write);
    const auto whole =
        file.size() / static_cast<std::int64_t>(sizeof entry) * static_cast<std::int64_t>(sizeof entry);
    file.write_at(whole, {reinterpret_cast<const char*>(&entry), sizeof entry});
}

IndexEntry entry_before(const std::vector<IndexEntry>& entries, const Segment& segment, Offset offset) {
    const auto after = std::ranges::upper_bound(entries, offset, {}, &IndexEntry::offset);
    if (after == entries.begin()) return {segment.base, 0, {}};
    return *std::prev(after);
}

std::optional<BatchHeader> BatchScanner::peek() {
    constexpr std::size_t window = 64U << 10U;
    const std::int64_t buffered = buffer_start_ + static_cast<std::int64_t>(buffer_.size());
    if (position_ < buffer_start_ || position_ + static_cast<std::int64_t>(batch_header_bytes) > buffered) {
        buffer_.resize(window);
        buffer_.resize(file_.read_at(position_, buffer_.data(), window));
        buffer_start_ = position_;
    }
    return parse_batch_header(
        std::string_view(buffer_).substr(static_cast<std::size_t>(position_ - buffer_start_)));
}

std::string BatchScanner::read(const BatchHeader& header) const {
    std::string batch(header.total_bytes(), '\0');
    batch.resize(file_.read_at(position_, batch.data(), batch.size()));
    return batch;
}

std::optional<FoundBatch> find_whole_batch(const base::File& file, std::int64_t position,
                                           const LeaderEpochs& epochs) {
    constexpr std::size_t window = 1U << 20U;
    std::string bytes;
    for (;; position += window) {
        // A header that crosses the end of the window is seen whole.
        bytes.resize(window + batch_header_bytes - 1);
        bytes.resize(file.read_at(position, bytes.data(), bytes.size()));
        if (bytes.size() < batch_header_bytes) return std::nullopt;
        for (std::size_t at = find_batch_mark(bytes, 0); at != std::string::npos;
             at = find_batch_mark(bytes, at + 1)) {
            const auto header = parse_batch_header(std::string_view(bytes).substr(at));
            if (!header || std::ranges::find(epochs, header->leader_epoch) == epochs.end()) continue;
            const std::int64_t start = position + static_cast<std::int64_t>(at);
            const std::string batch = BatchScanner(file, start).read(*header);
            if (batch.size() == header->total_bytes() && batch_crc_matches(*header, batch))
                return FoundBatch{header->base_offset, start};
        }
    }
}

std::optional<base::WallTime> max_timestamp(const Segment& segment) {
    const base::File file(segment.path, base::File::Mode::read);
    const auto entries = read_index(segment, file.size());
    std::optional<base::WallTime> youngest;
    if (!entries.empty()) youngest = entries.back().max_timestamp;
    BatchScanner scanner(file, entries.empty() ? 0 : entries.back().position);
    while (const auto header = scanner.peek()) {
        youngest = std::max(youngest.value_or(header->max_timestamp), header->max_timestamp);
        scanner.skip(*header);
    }
    return youngest;
}

}  // namespace millrace::bronze
