#include "gold/stage/gold_state.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <boost/iostreams/stream.hpp>
#include <cerrno>
#include <fstream>
#include <memory>
#include <system_error>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

namespace millrace::gold {

namespace json = boost::json;

namespace {

/// The format of the file. A change of the header or of any operator's state needs a new number.
constexpr std::int64_t state_format = 13;

/// The settings take some hundred bytes, and a late day about 50.
constexpr std::size_t max_header_bytes = 1 << 20;
constexpr std::size_t buffer_size = 1 << 20;
constexpr std::size_t checksum_size = 16;  // hex digits at the end of the file

/// A checksum of bytes in their order.
class Checksum {
  public:
    Checksum() : state_(XXH3_createState(), XXH3_freeState) { XXH3_64bits_reset(state_.get()); }
    void add(const char* data, std::size_t size) { XXH3_64bits_update(state_.get(), data, size); }
    [[nodiscard]] std::string text() const {
        return fmt::format("{:016x}", XXH3_64bits_digest(state_.get()));
    }

  private:
    std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

/// Writes a file from its start, and computes its checksum.
class StateSink {
  public:
    using char_type = char;
    using category = boost::iostreams::sink_tag;

    StateSink(base::File& file, Checksum& checksum, std::int64_t& size)
        : file_(&file), checksum_(&checksum), size_(&size) {}
    std::streamsize write(const char* data, std::streamsize size) {
        file_->write_at(*size_, {data, static_cast<std::size_t>(size)});
        checksum_->add(data, static_cast<std::size_t>(size));
        *size_ += size;
        return size;
    }

  private:
    base::File* file_;
    Checksum* checksum_;
    std::int64_t* size_;
};

/// The first line of a state file.
json::object header_of(const GoldPosition& position) {
    return {{"format", state_format},
            {"silver_id", position.silver_id},
            {"silver_version", position.silver_version.value()},
            {"settings", position.settings},
            {"watermark", model::to_us(position.watermark)},
            {"late", position.late.to_json()}};
}

/// Nothing when the line is not a header of this format.
std::optional<GoldPosition> parse_header(std::string_view line) {
    boost::system::error_code error;
    const json::value parsed = json::parse(line, error);
    if (error || !parsed.is_object()) return std::nullopt;
    const json::object& header = parsed.get_object();
    if (base::integer_member(header, "format") != state_format) return std::nullopt;
    const json::value* const late = header.if_contains("late");
    return GoldPosition{
        .silver_id = base::string_member(header, "silver_id"),
        .silver_version = storage::Version(base::integer_member(header, "silver_version")),
        .settings = base::string_member(header, "settings"),
        .watermark = model::from_us(base::integer_member(header, "watermark")),
        .late = late != nullptr && late->is_object() ? LateDays::from_json(late->get_object()) : LateDays()};
}

/// Whether the file ends with the checksum of the bytes before.
bool is_whole(const base::File& file) {
    const std::int64_t end = file.size() - static_cast<std::int64_t>(checksum_size);
    if (end < 0) return false;
    Checksum checksum;
    std::string buffer(buffer_size, '\0');
    for (std::int64_t at = 0; at < end;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(end - at, buffer_size));
        const std::size_t read = file.read_at(at, buffer.data(), wanted);
        if (read == 0) return false;
        checksum.add(buffer.data(), read);
        at += static_cast<std::int64_t>(read);
    }
    buffer.resize(checksum_size);
    return file.read_at(end, buffer.data(), checksum_size) == checksum_size && buffer == checksum.text();
}

}  // namespace

/// The file is a line of JSON, the state's bytes, and the checksum of both.
void write_gold_state(const std::filesystem::path& path, const GoldPosition& position,
                      const std::function<void(std::ostream&)>& save) {
    const auto temporary = base::temporary_beside(path);
    base::File file(temporary, base::File::Mode::create);
    try {
        Checksum checksum;
        std::int64_t size = 0;
        boost::iostreams::stream<StateSink> stream(StateSink(file, checksum, size), buffer_size);
        stream.exceptions(std::ios::badbit);
        stream << json::serialize(header_of(position)) << '\n';
        save(stream);
        stream.close();
        file.write_at(size, checksum.text());
        file.sync();
        std::filesystem::rename(temporary, path);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        throw;
    }
    base::sync_directory(path.parent_path());
}

void remove_unfinished_states(const std::filesystem::path& path) {
    const std::string start = fmt::format(".{}.", path.filename().string());
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(start) && name.ends_with(".tmp")) std::filesystem::remove(entry.path());
    }
}

std::optional<GoldPosition> read_gold_position(const std::filesystem::path& path) {
    const auto file = base::File::open_if_exists(path);
    if (!file) return std::nullopt;
    std::string start(max_header_bytes, '\0');
    start.resize(file->read_at(0, start.data(), start.size()));
    return parse_header(std::string_view(start).substr(0, start.find('\n')));
}

std::optional<GoldPosition> read_gold_state(const std::filesystem::path& path,
                                            const std::function<void(std::istream&)>& load) {
    const auto file = base::File::open_if_exists(path);
    if (!file) return std::nullopt;
    try {
        const auto position = read_gold_position(path);
        if (position && is_whole(*file)) {
            std::ifstream stream(path, std::ios::binary);
            stream.ignore(max_header_bytes, '\n');
            load(stream);
            return position;
        }
    } catch (const Error& error) {
        spdlog::warn("gold: {}", error.what());
    }
    warn_of_unusable_state(path);
    return std::nullopt;
}

void warn_of_unusable_state(const std::filesystem::path& path) {
    spdlog::warn("gold: {} is damaged or was written by another version of Millrace; Gold will be rebuilt",
                 path.string());
}

std::optional<std::chrono::microseconds> GoldStateWriter::begin(
    const GoldPosition& position, const std::function<void(std::ostream&)>& save) {
    const base::Stopwatch watch;
    copy_ = base::ProcessCopy::start(lock_.fd(), [&](int) { write_gold_state(path_, position, save); });
    if (!copy_) {
        spdlog::warn("gold: the process could not be copied to save the state ({}); trying again later",
                     std::generic_category().message(errno));
        return std::nullopt;
    }
    version_ = position.silver_version;
    return std::chrono::microseconds(static_cast<std::int64_t>(watch.seconds() * 1e6));
}

std::optional<storage::Version> GoldStateWriter::written() {
    if (busy() && copy_->result()) wait();
    return std::exchange(written_, std::nullopt);
}

void GoldStateWriter::wait() {
    if (!busy()) return;
    if (copy_->wait()) {
        written_ = version_;
    } else {
        spdlog::warn("gold: the state could not be written to {}; trying again", path_.string());
    }
    copy_.reset();
}

GoldStateWriter::~GoldStateWriter() {
    wait();
}

}  // namespace millrace::gold
