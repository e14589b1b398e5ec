#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/worker_pool.h"
#include "gold/events.h"
#include "model/event.h"

namespace millrace::gold {

/// The silver columns that Gold reads.
const std::vector<std::string>& event_columns();

/// Those that Gold reads besides of events that may belong to an order (is_of_orders()).
const std::vector<std::string>& order_columns();

/// The silver columns that tell who the visitors were.
const std::vector<std::string>& visitor_columns();

/// Rows of Silver of one event type.
struct SilverRows {
    std::shared_ptr<arrow::RecordBatch> batch;
    std::string_view event_type;
};

/// Appends silver rows to `events`. String columns may be dictionary-encoded, which is faster. The rows may
/// lack a column that can be null. Many rows are read in parallel by the threads of `pool`: first the strings
/// of each field get their ids, then the rows become events. Throws Error if another column is missing, or if
/// one has another type.
void read_events(const std::vector<SilverRows>& rows, Strings& strings, base::WorkerPool& pool,
                 Events& events);

/// Does so for one event, which is not in a table yet. Clocks, log times and links are left as they are.
void read_event(const model::Event& event, Strings& strings, Events& events);

/// Appends the links of silver rows, without their sessions, and events with a time and a user only.
void read_visitors(const SilverRows& rows, Strings& strings, Events& events);

}  // namespace millrace::gold
