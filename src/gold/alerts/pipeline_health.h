#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/clock.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// The state of the pipeline from the log to Silver, according to a commit of Silver.
struct PipelineHealth {
    struct Partition {
        int number = 0;
        std::int64_t received = 0;     ///< records received since the beginning
        std::int64_t quarantined = 0;  ///< quarantined records among the received ones
        std::int64_t behind = 0;       ///< records in the log that are not committed yet

        template <class Archive>
        void serialize(Archive& archive) {
            archive(number, received, quarantined, behind);
        }
    };

    base::WallTime committed_at;
    Timestamp newest;  ///< log time of the newest record in the commit; the epoch: it has no records
    std::vector<Partition> partitions;  ///< the partitions that the commit advanced
};

/// The state of the pipeline over log time. Not thread-safe.
class PipelineHealthWindow {
  public:
    struct Quality {
        std::int64_t received = 0;
        std::int64_t quarantined = 0;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(received, quarantined);
        }
    };

    /// Sets the counts from which counting begins.
    void begin(const PipelineHealth& health);
    /// Adds a commit, and drops the minutes that are older than `window`.
    void take(const PipelineHealth& health, base::Duration window);

    /// Returns the counts within the last `window` of log time.
    [[nodiscard]] Quality recent() const;
    /// Returns the records in the log that are not committed yet, summed over all partitions.
    [[nodiscard]] std::int64_t behind() const;
    /// Log time of the newest record in silver.
    [[nodiscard]] Timestamp newest() const { return newest_; }
    /// Log time of the last commit; the epoch if there is none.
    [[nodiscard]] Timestamp committed() const { return committed_; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(committed_, newest_, partitions_, minutes_);
    }

  private:
    Timestamp committed_;
    Timestamp newest_;
    std::map<int, PipelineHealth::Partition> partitions_;
    std::map<Timestamp, Quality> minutes_;
};

}  // namespace millrace::gold
