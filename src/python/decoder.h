#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "model/shop_settings.h"
#include "python/input_records.h"
#include "python/rows.h"
#include "silver/check.h"
#include "silver/formats/record_decoder.h"
#include "silver/stage/column_pool.h"

namespace millrace::python {

/// What a decoder has made of its records so far.
struct DecoderCounts {
    std::int64_t records = 0;
    std::int64_t items = 0;  ///< what the records say, at least one thing each; each is counted below, too
    std::int64_t silver = 0;
    std::int64_t quarantined = 0;
    std::map<std::string, std::int64_t> ignored;  ///< items that are no events, by the reason
};

/// Decodes and checks records as the silver stage does (silver::Lane), without looking for copies of an
/// event. Thread-safe; calls take turns.
class Decoder {
  public:
    /// The topic and the epoch of a log, which ids of events without one are derived from.
    struct Log {
        std::string topic;
        int epoch = 0;
    };
    struct Decoded {
        Rows silver;      ///< with the columns of the silver table (silver::silver_schema())
        Rows quarantine;  ///< with those of the quarantine table
    };

    /// Throws an Error for a format that is not known.
    Decoder(model::RuleOptions rules, Log log);

    /// The rows are grouped by partition, day and event type.
    [[nodiscard]] Decoded decode(const std::vector<InputRecord>& records);
    [[nodiscard]] DecoderCounts counts() const;

  private:
    class Batch;

    const model::RuleOptions rules_;
    const Log log_;
    mutable base::Mutex mutex_;
    silver::EventTypes types_;
    silver::Checker checker_;
    silver::RecordDecoder decoder_ MILLRACE_GUARDED_BY(mutex_);
    DecoderCounts counts_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::python
