#pragma once

#include <cstdint>
#include <map>

#include "gold/window.h"

namespace millrace::gold {

/// The clock of event time: the least over the bronze partitions of the newest min(event time, log time)
/// seen. A partition that has nothing to say doesn't hold it back: one that was caught up with its log when
/// it last said something, a while ago by the commits' own times, so that a replay decides alike. One whose
/// records wait in the log unread holds it, even before its first event.
class Watermark {
  public:
    /// How long a partition may say nothing before it counts as idle.
    static constexpr std::int64_t idle_after_ms = 60'000;

    /// What a commit tells of a partition.
    struct News {
        std::int64_t committed_ms = 0;
        bool caught_up = true;  ///< with the log's end
    };

    void advance(const std::map<int, Timestamp>& clocks);
    void observe(int number, const News& news);

    /// The newest time that any partition has come to.
    [[nodiscard]] Timestamp newest() const;
    /// The clock at a commit's time; it never goes back. no_watermark when nothing was seen.
    Timestamp at(std::int64_t committed_ms);

    template <class Archive>
    void serialize(Archive& archive) {
        archive(partitions_, now_);
    }

  private:
    struct Partition {
        Timestamp clock = no_watermark;
        std::int64_t heard_ms = 0;  // the last commit with events; 0: none, so that it isn't known to be idle
        bool caught_up = true;
        bool has_news = false;  // events since the last observe()

        template <class Archive>
        void serialize(Archive& archive) {
            archive(clock, heard_ms, caught_up, has_news);
        }
    };

    std::map<int, Partition> partitions_;
    Timestamp now_ = no_watermark;
};

}  // namespace millrace::gold
