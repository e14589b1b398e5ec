#include "silver/stage/batch_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "model/timestamp.h"

namespace millrace::silver {

namespace json = boost::json;

namespace {

constexpr int kept_reports = 1000;

std::vector<std::string> last_lines(const std::string& content, std::size_t limit) {
    std::vector<std::string> lines;
    std::size_t from = 0;
    for (std::size_t end = content.find('\n'); end != std::string::npos; end = content.find('\n', from)) {
        lines.push_back(content.substr(from, end - from));
        from = end + 1;
    }
    if (lines.size() > limit) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(limit));
    return lines;
}

}  // namespace

json::object BatchReport::to_json() const {
    return {{"batch", batch},
            {"version", version.value()},
            {"committed_at", model::format_timestamp(committed_at)},
            {"received", received},
            {"items", items},
            {"silver", silver},
            {"duplicates", duplicates},
            {"quarantined", quarantined},
            {"ignored", ignored},
            {"unknown_fields", unknown_fields},
            {"files", files},
            {"bytes", bytes},
            {"lag", lag},
            {"ids_in_memory", ids_in_memory},
            {"fill_seconds", fill_seconds},
            {"lookup_seconds", lookup_seconds},
            {"encode_seconds", encode_seconds},
            {"quarantine_seconds", quarantine_seconds},
            {"commit_seconds", commit_seconds},
            {"rows_per_second", rows_per_second},
            {"input_per_second", input_per_second}};
}

std::string BatchReport::line() const {
    return fmt::format(
        "batch {}: {} in, {} silver, {} duplicates, {} quarantined, {} rows/s (fill {:.0f} ms, "
        "encode {:.0f} ms, quarantine {:.0f} ms, commit {:.0f} ms), lag {}, version {}",
        batch, base::format_count(received), base::format_count(silver), base::format_count(duplicates),
        base::format_count(quarantined), base::format_count(static_cast<std::int64_t>(rows_per_second)),
        fill_seconds * 1e3, encode_seconds * 1e3, quarantine_seconds * 1e3, commit_seconds * 1e3,
        base::format_count(lag), version);
}

BatchHistory::BatchHistory(std::filesystem::path file) : path_(std::move(file)) {
    base::make_directory(path_.parent_path());
    const auto content = base::read_file_if_exists(path_).value_or("");
    lines_ = static_cast<int>(std::ranges::count(content, '\n'));
    position_ =
        static_cast<std::int64_t>(content.rfind('\n') == std::string::npos ? 0 : content.rfind('\n') + 1);
    file_ = base::File(path_, base::File::Mode::read_write);
}

void BatchHistory::add(const BatchReport& report) {
    if (lines_ >= 2 * kept_reports) {
        std::string kept;
        const auto lines = last_lines(base::read_file(path_), kept_reports);
        for (const auto& line : lines) kept += line + "\n";
        base::replace_file(path_, kept);
        file_ = base::File(path_, base::File::Mode::read_write);
        position_ = static_cast<std::int64_t>(kept.size());
        lines_ = static_cast<int>(lines.size());
    }
    const std::string line = json::serialize(report.to_json()) + "\n";
    file_.write_at(position_, line);
    position_ += static_cast<std::int64_t>(line.size());
    ++lines_;
}

std::vector<json::object> BatchHistory::read(const std::filesystem::path& file) {
    std::vector<json::object> reports;
    for (const auto& line : last_lines(base::read_file_if_exists(file).value_or(""), kept_reports)) {
        json::value value = base::parse_json(line, file.string());
        if (value.is_object()) reports.push_back(std::move(value.get_object()));
    }
    return reports;
}

}  // namespace millrace::silver
