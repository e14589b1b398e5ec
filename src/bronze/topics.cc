#include "bronze/topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <random>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/json.h"
#include "bronze/high_watermarks.h"

namespace millrace::bronze {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr int format_version = 1;

void check_name(const std::string& name) {
    const bool characters = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
    if (characters && !name.empty() && name.size() <= 200 && name != "." && name != "..") return;
    throw usage_error(fmt::format("naming the topic \"{}\"", name),
                      "a topic's name has 1 to 200 letters, digits, '.', '_' or '-'");
}

int random_epoch() {
    std::random_device device;
    return std::uniform_int_distribution<int>(1, 0x7FFFFFFF)(device);
}

std::string serialize(const TopicSettings& settings, bool deleted) {
    const SegmentOptions& segments = settings.segments;
    return json::serialize(json::object{{"format", format_version},
                                        {"topic", settings.name},
                                        {"deleted", deleted},
                                        {"epoch", settings.epoch},
                                        {"partitions", settings.partitions},
                                        {"segment_bytes", segments.segment_bytes},
                                        {"segment_age_us", segments.segment_age.count()},
                                        {"retention_us", segments.retention.count()},
                                        {"retention_bytes", segments.retention_bytes},
                                        {"compression", compression_name(segments.compression)},
                                        {"numbered_before", settings.numbered_before}}) +
           "\n";
}

json::object read_settings(const fs::path& path, const std::string& content) {
    const auto document = base::parse_json(content, path.string());
    if (!document.is_object()) throw Error(fmt::format("reading {}", path.string()), "not a JSON object");
    const auto version = base::integer_member(document.as_object(), "format");
    if (version > format_version) {
        throw Error(fmt::format("reading {}", path.string()),
                    fmt::format("it has format {}, and this program reads up to {}", version, format_version),
                    "Use the newer Millrace that wrote it.");
    }
    return document.as_object();
}

TopicSettings parse(const json::object& object) {
    TopicSettings settings;
    settings.name = base::string_member(object, "topic");
    settings.epoch = static_cast<int>(base::integer_member(object, "epoch"));
    settings.partitions = static_cast<int>(base::integer_member(object, "partitions"));
    SegmentOptions& segments = settings.segments;
    segments.segment_bytes = base::integer_member(object, "segment_bytes", segments.segment_bytes);
    segments.segment_age =
        base::Duration(base::integer_member(object, "segment_age_us", segments.segment_age.count()));
    segments.retention = base::Duration(base::integer_member(object, "retention_us"));
    segments.retention_bytes = base::integer_member(object, "retention_bytes");
    segments.compression = parse_compression(base::string_member(object, "compression", "none"));
    settings.numbered_before = base::integer_member(object, "numbered_before");
    return settings;
}

HighWatermarks::Shape shape_of(const TopicSettings& settings) {
    return {.epoch = settings.epoch, .partitions = settings.partitions};
}

}  // namespace

fs::path TopicCatalog::settings_path(const std::string& name) const {
    return directory_ / "topics" / (name + ".json");
}
fs::path TopicCatalog::published_path(const std::string& name) const {
    return directory_ / "topics" / (name + ".published");
}
fs::path TopicCatalog::partition_directory(const std::string& name, int partition) const {
    return directory_ / fmt::format("{}-{}", name, partition);
}

base::File TopicCatalog::lock_file() const {
    base::make_directory(directory_ / "topics");
    return {directory_ / "topics" / ".lock", base::File::Mode::read_write};
}

std::vector<TopicSettings> TopicCatalog::list() const {
    std::vector<TopicSettings> topics;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory_ / "topics", error)) {
        if (entry.path().extension() != ".json") continue;  // the published offsets, or a temporary file
        if (auto topic = find(entry.path().stem().string())) topics.push_back(std::move(*topic));
    }
    std::ranges::sort(topics, {}, &TopicSettings::name);
    return topics;
}

std::optional<TopicSettings> TopicCatalog::find(const std::string& name) const {
    const fs::path path = settings_path(name);
    const auto content = base::read_file_if_exists(path);
    if (!content) return std::nullopt;
    const json::object object = read_settings(path, *content);
    if (base::boolean_member(object, "deleted")) return std::nullopt;
    return parse(object);
}

std::int64_t TopicCatalog::numbered_before(const std::string& name) const {
    const fs::path path = settings_path(name);
    const auto content = base::read_file_if_exists(path);
    return content ? base::integer_member(read_settings(path, *content), "numbered_before") : 0;
}

TopicSettings TopicCatalog::create(TopicSettings settings) {
    check_name(settings.name);
    auto file = lock_file();
    const std::lock_guard lock(file);
    if (find(settings.name)) {
        throw usage_error(fmt::format("creating the topic {}", settings.name), "it exists already",
                          "Delete it first with: millrace topic delete " + settings.name);
    }
    return create_locked(std::move(settings));
}

TopicSettings TopicCatalog::find_or_create(const TopicSettings& settings) {
    if (auto found = find(settings.name)) return *found;
    check_name(settings.name);
    auto file = lock_file();
    const std::lock_guard lock(file);
    if (auto found = find(settings.name)) return *found;
    return create_locked(settings);
}

TopicSettings TopicCatalog::create_locked(TopicSettings settings) {
    if (settings.partitions < 1 || settings.partitions > HighWatermarks::max_partitions) {
        throw usage_error(fmt::format("creating the topic {}", settings.name),
                          fmt::format("it can have 1 to {} partitions", HighWatermarks::max_partitions));
    }
    settings.epoch = random_epoch();
    settings.numbered_before = numbered_before(settings.name);
    // Removes what an interrupted deletion or creation left. The settings do not show the epoch of the
    // latter.
    HighWatermarks::mark_deleted(published_path(settings.name));
    remove_partitions(settings.name);
    for (int p = 0; p < settings.partitions; ++p) base::make_directory(partition_directory(settings.name, p));
    HighWatermarks::create(published_path(settings.name), shape_of(settings));
    base::fail_point("bronze.topic.prepared");
    base::replace_file(settings_path(settings.name), serialize(settings, false));
    base::fail_point("bronze.topic.created");
    return settings;
}

void TopicCatalog::remove(const std::string& name) {
    auto file = lock_file();
    const std::lock_guard lock(file);
    auto settings = find(name);
    if (!settings) {
        throw usage_error(fmt::format("deleting the topic {}", name), "the topic does not exist",
                          "See: millrace topic list");
    }
    const auto published = published_locked(*settings);
    for (int p = 0; p < settings->partitions; ++p) settings->numbered_before += published->end(p).value();
    base::replace_file(settings_path(name), serialize(*settings, true));
    base::fail_point("bronze.topic.marked_deleted");
    published->set_deleted();
    remove_partitions(name);
    fs::remove(published_path(name));
}

void TopicCatalog::remove_partitions(const std::string& name) {
    for (int p = 0; p < HighWatermarks::max_partitions; ++p) fs::remove_all(partition_directory(name, p));
    base::sync_directory(directory_);
}

std::shared_ptr<HighWatermarks> TopicCatalog::open_published(const TopicSettings& settings) const {
    auto file = lock_file();
    const std::lock_guard lock(file);
    const auto now = find(settings.name);
    if (!now || now->epoch != settings.epoch) {
        throw Error(fmt::format("opening the topic {}", settings.name), "it was deleted in the meantime",
                    "Start the command again.");
    }
    return published_locked(settings);
}

std::shared_ptr<HighWatermarks> TopicCatalog::published_locked(const TopicSettings& settings) const {
    const fs::path path = published_path(settings.name);
    if (!fs::exists(path)) HighWatermarks::create(path, shape_of(settings), HighWatermarks::unknown_end);
    return std::make_shared<HighWatermarks>(path, shape_of(settings));
}

}  // namespace millrace::bronze
