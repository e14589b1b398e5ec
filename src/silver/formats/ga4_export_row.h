#pragma once

#include <string>

#include "silver/message/json_tree.h"

namespace millrace::silver {

/// Returns whether a message is a row of GA4's export to BigQuery, which has `event_name`
/// (https://support.google.com/analytics/answer/7029846).
bool is_ga4_export_row(const JsonTree& row);

/// Translates a row to an event of the Measurement Protocol, in `event`: event_params become `params`, and
/// what `ecommerce`, `items` and collected_traffic_source say follows where the params don't say it. Other
/// members keep their names and texts. Texts of names and values are copied as the row has them.
void translate_ga4_export_row(const JsonTree& row, std::string& event);

}  // namespace millrace::silver
