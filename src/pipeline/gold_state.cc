#include "pipeline/gold_state.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace millrace::pipeline {

namespace json = boost::json;

namespace {

/// Of the file, the operators' state included: a change of either needs a new number.
constexpr std::int64_t format_version = 2;

/// Settings are some hundred bytes.
constexpr std::size_t longest_header = 64 << 10;

/// The first line of a state file.
struct Header {
    GoldState state;
    std::string checksum;
};

/// Nothing when `content` doesn't begin with one of this format.
std::optional<Header> parse_header(std::string_view content) {
    const std::size_t end = content.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    boost::system::error_code error;
    const json::value parsed = json::parse(content.substr(0, end), error);
    if (error || !parsed.is_object()) return std::nullopt;
    const json::object& header = parsed.get_object();
    if (base::integer_member(header, "format") != format_version) return std::nullopt;
    return Header{{.silver_id = base::string_member(header, "silver_id"),
                   .silver_version = base::integer_member(header, "silver_version"),
                   .settings = base::string_member(header, "settings"),
                   .closed = base::boolean_member(header, "closed"),
                   .watermark = base::integer_member(header, "watermark")},
                  base::string_member(header, "checksum")};
}

std::string checksum(std::string_view bytes) {
    return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace

/// A line of JSON, then the state's bytes.
void write_gold_state(const std::filesystem::path& path, const GoldState& state) {
    const json::object header = {{"format", format_version},
                                 {"silver_id", state.silver_id},
                                 {"silver_version", state.silver_version},
                                 {"settings", state.settings},
                                 {"closed", state.closed},
                                 {"watermark", state.watermark},
                                 {"bytes", state.bytes.size()},
                                 {"checksum", checksum(state.bytes)}};
    base::replace_file(path, json::serialize(header) + "\n" + state.bytes);
}

std::optional<GoldState> read_gold_position(const std::filesystem::path& path) {
    const auto file = base::File::open_if_exists(path);
    if (!file) return std::nullopt;
    std::string start(longest_header, '\0');
    start.resize(file->read_at(0, start.data(), start.size()));
    const auto header = parse_header(start);
    return header ? std::optional(header->state) : std::nullopt;
}

std::optional<GoldState> read_gold_state(const std::filesystem::path& path) {
    const auto content = base::read_file_if_exists(path);
    if (!content) return std::nullopt;
    auto header = parse_header(*content);
    if (header) {
        header->state.bytes = content->substr(content->find('\n') + 1);
        if (header->checksum == checksum(header->state.bytes)) return header->state;
    }
    spdlog::warn("gold: {} is damaged, or was written by another version of this program; Gold is built anew",
                 path.string());
    return std::nullopt;
}

}  // namespace millrace::pipeline
