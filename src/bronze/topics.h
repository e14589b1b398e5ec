#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bronze/partition_log.h"

namespace millrace::bronze {

/// The settings of a topic, stored in `bronze/topics/<topic>.json`.
struct TopicSettings {
    std::string name;
    int epoch = 0;  ///< random, 1 or higher; tells a topic from a later one of the same name
    int partitions = 3;
    SegmentOptions segments;
    /// Number of records in deleted topics of this name. The simulator continues its numbering from here.
    std::int64_t numbered_before = 0;
};

/// The topics under `DATA/bronze`. Each call reads the disk, so processes see each other's changes.
/// Thread-safe.
class TopicCatalog {
  public:
    /// `directory` is `DATA/bronze`. It is created with the first topic.
    explicit TopicCatalog(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] std::vector<TopicSettings> list() const;
    [[nodiscard]] std::optional<TopicSettings> find(const std::string& name) const;

    /// Creates a topic and returns it with its epoch. Throws a usage Error if the name is not allowed or the
    /// topic exists.
    TopicSettings create(TopicSettings settings);
    /// Returns the topic. Creates it with `settings` if it does not exist. Other processes may do the same at
    /// once.
    TopicSettings find_or_create(const TopicSettings& settings);
    /// Removes a topic with all its records. Throws a usage Error if it does not exist.
    void remove(const std::string& name);

    /// Opens the topic's published offsets. Creates the file again if it was lost. Throws an Error if the
    /// topic was deleted or replaced by another.
    [[nodiscard]] std::shared_ptr<HighWatermarks> open_published(const TopicSettings& settings) const;
    [[nodiscard]] std::filesystem::path published_path(const std::string& name) const;
    [[nodiscard]] std::filesystem::path partition_directory(const std::string& name, int partition) const;

  private:
    [[nodiscard]] std::filesystem::path settings_path(const std::string& name) const;
    [[nodiscard]] base::File lock_file() const;
    [[nodiscard]] std::int64_t numbered_before(const std::string& name) const;
    void remove_partitions(const std::string& name);
    TopicSettings create_locked(TopicSettings settings);
    [[nodiscard]] std::shared_ptr<HighWatermarks> published_locked(const TopicSettings& settings) const;

    std::filesystem::path directory_;
};

}  // namespace millrace::bronze
