#include "pipeline/run_metrics.h"

namespace millrace::pipeline {

namespace {

double seconds_since_1970(base::WallTime time) {
    return static_cast<double>(base::to_ms(time)) / 1e3;
}

void add_batch(serve::MetricsText& text, const silver::BatchReport& last) {
    text.counter("millrace_silver_batches_total", "Batches that this process has committed.");
    text.value(static_cast<double>(last.batch));
    text.gauge("millrace_silver_version", "The silver table's version after the last batch.");
    text.value(static_cast<double>(last.version.value()));
    text.gauge("millrace_silver_ids", "Ids in the memory of the deduplication.");
    text.value(static_cast<double>(last.ids_in_memory));
    text.gauge("millrace_silver_last_commit_timestamp_seconds", "When the last batch was committed.");
    text.value(seconds_since_1970(last.committed_at));
    text.gauge("millrace_silver_batch_duration_seconds", "How long the last batch took, by phase.");
    text.value(last.fill_seconds, {{"phase", "fill"}});
    text.value(last.lookup_seconds, {{"phase", "lookup"}});
    text.value(last.encode_seconds, {{"phase", "encode"}});
    text.value(last.quarantine_seconds, {{"phase", "quarantine"}});
    text.value(last.commit_seconds, {{"phase", "commit"}});
}

void add_delivery(serve::MetricsText& text, const publish::DeliveryLag& delivery) {
    if (!delivery.alerts.empty()) {
        const auto pending_alerts = [&](const char* name, const char* help) {
            text.gauge(name, help);
            for (const auto& [sink, pending] : delivery.alerts)
                text.value(static_cast<double>(pending), {{"sink", sink}});
        };
        pending_alerts("millrace_alerts_pending",
                       "Changes of alerts that have not been sent to the sink yet.");
        pending_alerts("millrace_alerts_unsent", "The former name of millrace_alerts_pending, until 0.3.");
    }
    if (delivery.postgres) {
        text.gauge("millrace_postgres_lag_commits",
                   "Commits of Gold's tables that PostgreSQL does not have yet.");
        text.value(static_cast<double>(delivery.postgres->commits));
        text.counter("millrace_postgres_failures_total",
                     "Attempts to update a table or view in PostgreSQL, or to connect, that failed.");
        for (const auto& [target, failures] : delivery.postgres->failures)
            text.value(static_cast<double>(failures), {{"target", target}});
    }
}

}  // namespace

void add_metrics(serve::MetricsText& text, const RunStatus& status) {
    const auto count = [&](std::int64_t value) { text.value(static_cast<double>(value)); };
    text.counter("millrace_simulator_records_total", "Records that the simulator has appended.");
    count(status.sent);
    text.gauge("millrace_log_records", "Records that the log holds.");
    count(status.in_log);
    text.gauge("millrace_silver_lag_records", "Records in the log that are not committed to silver.");
    count(status.lag);
    text.counter("millrace_silver_rows_total", "Rows that this process has committed to silver.");
    count(status.silver);
    text.counter("millrace_silver_dropped_records_total",
                 "Records of this process's commits that are not in silver.");
    text.value(static_cast<double>(status.duplicates), {{"reason", "duplicate"}});
    text.value(static_cast<double>(status.quarantined), {{"reason", "quarantined"}});
    if (!status.by_rule.empty()) {
        text.counter("millrace_quarantined_records_total", "Records that this process has quarantined.");
        for (const auto& [rule, records] : status.by_rule)
            text.value(static_cast<double>(records), {{"rule", rule}});
    }
    text.counter("millrace_silver_skipped_offsets_total",
                 "Offsets passed without a record since the table began: removed before they were read, or "
                 "Kafka's own markers.");
    count(status.skipped);
    text.gauge("millrace_gold_lag_versions", "Commits of silver that Gold has not processed.");
    count(status.gold_lag);
    text.counter("millrace_gold_rows_total", "Rows of closed windows that this process has published.");
    count(status.gold_rows);
    text.counter("millrace_gold_late_additions_total",
                 "Additions that came after their window was closed; their days are corrected.");
    count(status.gold_late);
    const auto& late_days = status.gold_late_days.of(gold::TableGroup::windows);
    text.gauge("millrace_gold_corrections_pending", "Days whose published windows lack late events.");
    count(static_cast<std::int64_t>(late_days.size()));
    text.gauge("millrace_gold_events_to_correct", "Late events that published windows lack.");
    count(status.gold_late_days.events());
    text.gauge("millrace_gold_order_lines", "Events of orders that are kept to judge later ones.");
    count(static_cast<std::int64_t>(status.gold_orders.lines));
    text.gauge("millrace_gold_orders", "Orders that are kept to find the days of later events.");
    count(static_cast<std::int64_t>(status.gold_orders.orders));
    text.counter("millrace_gold_order_repeats_total", "Lines of orders that came again and count once.");
    count(status.gold_orders.repeats);
    text.gauge("millrace_gold_identity_links", "Hours in which a user used an id, which name visitors.");
    count(static_cast<std::int64_t>(status.gold_visitors.links));
    text.gauge("millrace_gold_visitor_ids", "Ids that are kept to tell new visitors from returning ones.");
    count(static_cast<std::int64_t>(status.gold_visitors.ids));
    add_delivery(text, status.delivery);
    if (status.gold_watermark > base::WallTime()) {
        text.gauge("millrace_gold_watermark_timestamp_seconds", "Event time up to which windows are closed.");
        text.value(seconds_since_1970(status.gold_watermark));
    }
    if (!status.gold_latency_ms.empty()) {
        text.gauge(
            "millrace_gold_latency_seconds",
            "The longest time from a record's append to Gold's live values, in the last commit of rows.");
        text.value(status.gold_latency_ms.back() / 1e3);
    }
    if (!status.last_batches.empty()) add_batch(text, status.last_batches.back());
}

base::json::object to_json(const RunStatus& status, const std::vector<silver::PartitionLag>& partitions) {
    base::json::array batches;
    for (const silver::BatchReport& batch : status.last_batches) batches.push_back(batch.to_json());
    base::json::array lags;
    for (const auto& each : partitions)
        lags.push_back({{"partition", each.partition},
                        {"end", each.end.value()},
                        {"committed", each.committed.value()},
                        {"lag", each.end - each.committed}});
    const auto& latencies = status.gold_latency_ms;
    return {
        {"seconds", status.seconds},
        {"events_per_second", status.events_per_second},
        {"figures_as_of",
         status.figures_as_of ? json::value(base::to_ms(*status.figures_as_of)) : json::value()},
        {"correcting", status.gold_late_days.shown()},
        {"in_log", status.in_log},
        {"lag", status.lag},
        {"silver", status.silver},
        {"duplicates", status.duplicates},
        {"quarantined", status.quarantined},
        {"gold_latency_ms", latencies.empty() ? base::json::value() : base::json::value(latencies.back())},
        {"partitions", lags},
        {"batches", batches}};
}

}  // namespace millrace::pipeline
