#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bronze/partition_log.h"

namespace millrace::bronze {

/// What is stored of a topic in `bronze/topics/<topic>.json`.
struct TopicSettings {
    std::string name;
    int epoch = 0;  ///< from 1, random: tells a topic from a later one of the same name
    int partitions = 3;
    SegmentOptions segments;
    std::int64_t numbered_before =
        0;  ///< records of deleted topics of this name: the simulator's numbers go on
};

/// The topics under `DATA/bronze`. Each call reads the disk, so that processes see each other's changes.
class TopicCatalog {
  public:
    /// `directory` is `DATA/bronze`; it is made when the first topic is created.
    explicit TopicCatalog(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] std::vector<TopicSettings> list() const;
    [[nodiscard]] std::optional<TopicSettings> find(const std::string& name) const;

    /// Creates a topic and returns it with its epoch. Throws a usage Error for a bad name or when it exists.
    TopicSettings create(TopicSettings settings);
    /// The topic, created with `settings` when there is none. Safe against other processes doing the same.
    TopicSettings find_or_create(const TopicSettings& settings);
    /// Removes a topic with all its records. Throws a usage Error when there is none.
    void remove(const std::string& name);

    /// The topic's published offsets; made anew when the file was lost. Throws an Error when the topic is
    /// another now.
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
