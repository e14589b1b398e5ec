#include "layers/log_reader.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "base/error.h"
#include "model/timestamp.h"

namespace millrace::layers {

namespace json = boost::json;

namespace {

/// A record of the log, with a cell for each column of bronze.
struct LogRow {
    base::WallTime timestamp;
    int partition = 0;
    bronze::Offset offset{0};
    json::array cells;
};

json::value bytes_or_null(std::string_view bytes) {
    return bytes.data() == nullptr ? json::value() : json::value(json::string(bytes));
}

/// Appends the last `limit` records of a partition.
void read_last(const bronze::EventLog& log, int partition, std::int64_t limit, std::vector<LogRow>& rows) {
    const auto held = log.offsets(partition);
    const bronze::OffsetRange last{std::max(held.start, held.end - limit), held.end};
    bronze::visit_records(log, partition, last, [&](const bronze::Record& record) {
        rows.push_back(
            {record.timestamp,
             partition,
             record.offset,
             {partition, record.offset.value(), json::string(model::format_timestamp(record.timestamp)),
              bytes_or_null(record.key), bytes_or_null(record.value)}});
    });
}

std::int64_t records_of(const bronze::EventLog& log, int partition) {
    return log.offsets(partition).end - log.offsets(partition).start;
}

}  // namespace

std::vector<storage::TableColumn> LogReader::columns() const {
    return {{"partition", "INTEGER"},
            {"offset", "BIGINT"},
            {"timestamp", "TIMESTAMP WITH TIME ZONE"},
            {"key", "BLOB"},
            {"value", "BLOB"}};
}

std::int64_t LogReader::count() const {
    const auto log = open_log_();
    std::int64_t records = 0;
    for (int p = 0; p < log->partitions(); ++p) records += records_of(*log, p);
    return records;
}

LayerReader::ValueCounts LogReader::count_by(const storage::TableColumn& column) const {
    if (column.name != "partition") throw usage_error("bronze can only be counted by partition");
    const auto log = open_log_();
    ValueCounts counts;
    for (int p = 0; p < log->partitions(); ++p) counts.emplace_back(p, records_of(*log, p));
    return counts;
}

/// Among the last records of each partition are the newest ones of all.
LayerReader::Rows LogReader::newest(const std::vector<storage::TableColumn>& columns, std::int64_t limit,
                                    base::Duration last) const {
    const auto log = open_log_();
    std::vector<LogRow> rows;
    for (int p = 0; p < log->partitions(); ++p) read_last(*log, p, limit + 1, rows);
    std::ranges::sort(rows, std::greater(),
                      [](const LogRow& row) { return std::tuple(row.timestamp, row.partition, row.offset); });
    Rows newest;
    newest.is_truncated =
        cut_rows(rows, limit, last, [](const LogRow& row) { return model::Timestamp(row.timestamp); });
    const auto all = this->columns();
    for (const LogRow& row : rows) {
        json::array cells;
        for (const auto& column : columns) {
            const auto place = std::ranges::find(all, column) - all.begin();
            cells.push_back(row.cells.at(static_cast<std::size_t>(place)));
        }
        newest.cells.push_back(std::move(cells));
    }
    return newest;
}

}  // namespace millrace::layers
