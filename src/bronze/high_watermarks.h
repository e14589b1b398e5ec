#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>

#include "bronze/record.h"

namespace millrace::bronze {

/// The synced end offset of each partition of a topic, and a counter that readers wait on. All processes map
/// this small file. Writers update it after they have synced the log, so a reader never sees more than a
/// power loss would leave. The file itself is not synced at each append: after a power loss it may show less
/// than the segments hold, and the next writer's recovery finds the rest (partition_log.h). A lost file is
/// created again with unknown ends, which the same recovery fills in. Thread-safe.
class HighWatermarks {
  public:
    static constexpr int max_partitions = 1024;
    static constexpr Offset unknown_end = no_offset;

    /// What a topic's file must match.
    struct Shape {
        int epoch = 0;
        int partitions = 0;
    };

    /// Creates the file durably. Every partition ends at `end`, which is 0 for a new topic and unknown_end
    /// for a topic that may hold records.
    static void create(const std::filesystem::path& path, const Shape& shape, Offset end = Offset(0));

    /// Marks the topic as deleted for every process that has the file at `path` mapped, whichever epoch the
    /// file has. Does nothing if the file is missing or damaged.
    static void mark_deleted(const std::filesystem::path& path);

    /// Maps the file. Throws an Error if it is not the file of a topic of this shape.
    HighWatermarks(const std::filesystem::path& path, const Shape& shape);
    HighWatermarks(const HighWatermarks&) = delete;
    HighWatermarks& operator=(const HighWatermarks&) = delete;
    ~HighWatermarks();

    /// Returns the published end, or 0 while it is unknown.
    [[nodiscard]] Offset end(int partition) const;
    [[nodiscard]] bool knows_end(int partition) const;
    [[nodiscard]] Offset start(int partition) const;
    /// Publishes the synced end and wakes the waiting readers.
    void set_end(int partition, Offset end);
    void set_start(int partition, Offset start);

    [[nodiscard]] bool deleted() const;
    /// Marks the topic as deleted for every process that has it open.
    void set_deleted();

    [[nodiscard]] std::uint32_t counter() const;
    void wait(std::uint32_t seen, std::chrono::microseconds limit) const;
    void wake() const;

  private:
    struct Layout;

    std::filesystem::path path_;
    Layout* layout_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace millrace::bronze
