#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>

#include "bronze/record.h"

namespace millrace::bronze {

/// What the writers of a topic tell its readers, in a small file that all processes map: per partition the
/// offset up to which the log is synced, and a counter to wait on. Written after the sync, so that a reader
/// never sees more than a power loss would leave. The file itself is not synced at each append: after a power
/// loss it may tell less than the segments hold, and the next writer's recovery finds the rest
/// (partition_log.h). A file that was lost is made anew with unknown ends, which the same recovery fills in.
class HighWatermarks {
  public:
    static constexpr int max_partitions = 1024;
    static constexpr Offset unknown_end = -1;

    /// Creates the file, durably, with every partition ending at `end`: at 0 for a new topic, at unknown_end
    /// for a topic that may hold records.
    static void create(const std::filesystem::path& path, int epoch, int partitions, Offset end = 0);

    /// Tells every process that has the file at `path` mapped that the topic is gone, whichever epoch the
    /// file has. Does nothing where there is no such file, or a damaged one.
    static void mark_deleted(const std::filesystem::path& path);

    /// Maps the file. Throws an Error when it isn't the one of `epoch`.
    HighWatermarks(const std::filesystem::path& path, int epoch, int partitions);
    HighWatermarks(const HighWatermarks&) = delete;
    HighWatermarks& operator=(const HighWatermarks&) = delete;
    ~HighWatermarks();

    /// The published end; 0 while it is unknown.
    [[nodiscard]] Offset end(int partition) const;
    [[nodiscard]] bool knows_end(int partition) const;
    [[nodiscard]] Offset start(int partition) const;
    /// Publishes the synced end and wakes the waiting readers.
    void set_end(int partition, Offset end);
    void set_start(int partition, Offset start);

    [[nodiscard]] bool deleted() const;
    /// Tells every process that has the topic open that it is gone.
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
