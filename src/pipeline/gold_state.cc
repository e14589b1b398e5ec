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
constexpr std::int64_t format_version = 1;

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

std::optional<GoldState> read_gold_state(const std::filesystem::path& path) {
    const auto content = base::read_file_if_exists(path);
    if (!content) return std::nullopt;
    const auto refuse = [&](std::string_view why) {
        spdlog::warn("gold: {} {}; Gold is built anew", path.string(), why);
        return std::nullopt;
    };
    const std::size_t end = content->find('\n');
    if (end == std::string::npos) return refuse("is cut off");
    boost::system::error_code error;
    const json::value parsed = json::parse(std::string_view(*content).substr(0, end), error);
    if (error || !parsed.is_object()) return refuse("is damaged");
    const json::object& header = parsed.get_object();
    if (base::integer_member(header, "format") != format_version)
        return refuse("was written by another version of this program");
    GoldState state{.silver_id = base::string_member(header, "silver_id"),
                    .silver_version = base::integer_member(header, "silver_version"),
                    .settings = base::string_member(header, "settings"),
                    .closed = base::boolean_member(header, "closed"),
                    .watermark = base::integer_member(header, "watermark"),
                    .bytes = content->substr(end + 1)};
    if (base::string_member(header, "checksum") != checksum(state.bytes)) return refuse("is damaged");
    return state;
}

}  // namespace millrace::pipeline
