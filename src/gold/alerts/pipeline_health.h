#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "gold/window.h"

namespace millrace::gold {

/// What a commit of silver says of the way from the log to silver.
struct PipelineHealth {
    struct Partition {
        int number = 0;
        std::int64_t received = 0;     ///< records, since the beginning
        std::int64_t quarantined = 0;  ///< of them
        std::int64_t behind = 0;       ///< records that wait in the log

        template <class Archive>
        void serialize(Archive& archive) {
            archive(number, received, quarantined, behind);
        }
    };

    std::int64_t committed_ms = 0;
    Timestamp newest = 0;               ///< log time of the newest record of the commit; 0: it has none
    std::vector<Partition> partitions;  ///< those that the commit has moved
};

/// The intake over log time.
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

    /// Where counting begins.
    void begin(const PipelineHealth& intake);
    void take(const PipelineHealth& intake, Timestamp window);

    /// Within the last `window` of log time.
    [[nodiscard]] Quality recent() const;
    /// Records that wait in the log, all partitions.
    [[nodiscard]] std::int64_t behind() const;
    /// Log time of the newest record in silver.
    [[nodiscard]] Timestamp newest() const { return newest_; }
    /// When the last commit was, log time; 0 when there is none.
    [[nodiscard]] Timestamp committed() const { return committed_; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(committed_, newest_, partitions_, minutes_);
    }

  private:
    Timestamp committed_ = 0;
    Timestamp newest_ = 0;
    std::map<int, PipelineHealth::Partition> partitions_;
    std::map<Timestamp, Quality> minutes_;
};

}  // namespace millrace::gold
