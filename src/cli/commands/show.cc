#include <arrow/api.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "cli/command.h"
#include "cli/commands/layer.h"
#include "cli/output/text_table.h"
#include "model/timestamp.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct ShowOptions {
    std::string layer = "silver";
    std::int64_t limit = 20;
    std::vector<std::string> columns;
    base::Duration last{};
    bool as_json = false;
};

/// A record of the log, with a cell for each of bronze_columns().
struct LogRow {
    std::int64_t timestamp_ms = 0;
    int partition = 0;
    bronze::Offset offset = 0;
    json::array cells;
};

json::value bytes_or_null(std::string_view bytes) {
    return bytes.data() == nullptr ? json::value() : json::value(json::string(bytes));
}

/// The last `limit` records of a partition.
void read_last(const bronze::EventLog& log, int partition, std::int64_t limit, std::vector<LogRow>& rows) {
    const auto held = log.offsets(partition);
    const auto reader = log.read(partition, std::max(held.start, held.end - limit));
    for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
        for (const auto& record : records) {
            if (record.offset >= held.end) return;  // it came meanwhile
            rows.push_back(
                {record.timestamp_ms,
                 partition,
                 record.offset,
                 {partition, record.offset, json::string(model::format_timestamp(record.timestamp_ms * 1000)),
                  bytes_or_null(record.key), bytes_or_null(record.value)}});
        }
    }
}

/// Takes away the rows from before the last `--last` before the newest one, if it is given. The rows are in
/// order; `time` tells a row's µs.
template <typename Row, typename Time>
void keep_last(std::vector<Row>& rows, base::Duration last, Time time) {
    if (last.count() == 0 || rows.empty()) return;
    const std::int64_t oldest = time(rows.front()) - last.count();
    std::erase_if(rows, [&](const Row& row) { return time(row) < oldest; });
}

/// Takes away the rows beyond the limit; whether there were any.
template <typename Row>
bool cut(std::vector<Row>& rows, std::int64_t limit) {
    const auto most = static_cast<std::size_t>(limit);
    const bool more = rows.size() > most;
    if (more) rows.resize(most);
    return more;
}

std::vector<TextColumn> shown_columns(const std::string& layer,
                                      const std::vector<storage::TableColumn>& columns) {
    std::vector<TextColumn> shown;
    shown.reserve(columns.size());
    for (const auto& column : columns) shown.push_back(shown_column(layer, column));
    return shown;
}

/// The columns that were asked for, of those that the layer has; all when none were.
std::vector<storage::TableColumn> chosen_columns(const std::vector<storage::TableColumn>& all,
                                                 const ShowOptions& options) {
    if (options.columns.empty()) return all;
    std::vector<storage::TableColumn> chosen;
    chosen.reserve(options.columns.size());
    for (const auto& name : options.columns) chosen.push_back(column_of(options.layer, all, name));
    return chosen;
}

/// The newest of the last records of each partition, newest first.
TextTable bronze_rows(const Globals& globals, const std::vector<storage::TableColumn>& columns,
                      const ShowOptions& options) {
    const auto log = globals.open_log();
    std::vector<LogRow> rows;
    for (int p = 0; p < log->partitions(); ++p) read_last(*log, p, options.limit + 1, rows);
    std::ranges::sort(rows, std::greater(), [](const LogRow& row) {
        return std::tuple(row.timestamp_ms, row.partition, row.offset);
    });
    keep_last(rows, options.last, [](const LogRow& row) { return row.timestamp_ms * 1000; });
    TextTable table = TextTable::of(shown_columns(options.layer, columns));
    table.set_truncated(cut(rows, options.limit));
    for (const LogRow& row : rows) {
        json::array cells;
        for (const auto& column : columns) {
            const auto place = std::ranges::find(bronze_columns(), column) - bronze_columns().begin();
            cells.push_back(row.cells.at(static_cast<std::size_t>(place)));
        }
        table.add(std::move(cells));
    }
    return table;
}

/// The columns that must be read of a file: all when one to show is nested, since it lies deeper in the file.
std::vector<std::string> columns_to_read(const std::vector<storage::TableColumn>& columns,
                                         const std::string& time) {
    std::vector<std::string> names = {time};  // a file has it, even when only partition columns are shown
    for (const auto& column : columns) {
        if (column.is_nested()) return {};
        names.push_back(column.name);
    }
    return names;
}

/// The newest rows of a table, newest first.
TextTable table_rows(const storage::DeltaTable& table, const std::vector<storage::TableColumn>& columns,
                     const ShowOptions& options) {
    auto wanted = newest_of(options.layer);
    wanted.limit = static_cast<std::size_t>(options.limit) + 1;
    auto places = storage::newest_rows(table, wanted);
    keep_last(places, options.last, [](const storage::RowPlace& place) { return place.time; });
    TextTable made = TextTable::of(shown_columns(options.layer, columns));
    made.set_truncated(cut(places, options.limit));
    std::vector<json::array> rows(places.size());
    storage::read_rows(table, *wanted.columns, places, columns_to_read(columns, wanted.time),
                       [&](std::size_t place, const arrow::RecordBatch& batch, std::int64_t row) {
                           rows[place] = cells_of(batch, row, columns, places[place].file->partition_values);
                       });
    for (auto& row : rows) made.add(std::move(row));
    return made;
}

int show(const Globals& globals, const ShowOptions& options) {
    if (options.layer == "bronze") {
        print_table(bronze_rows(globals, chosen_columns(bronze_columns(), options), options),
                    options.as_json);
        return 0;
    }
    const auto table = open_layer(globals, options.layer);
    const auto all = storage::table_columns(table.snapshot().metadata.schema_json);
    print_table(table_rows(table, chosen_columns(all, options), options), options.as_json);
    tell_why_empty(globals, options.layer);
    return 0;
}

}  // namespace

void add_show_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ShowOptions>();
    CLI::App* command = app.add_subcommand("show", "Show the newest rows of a layer, newest first.");
    add_choice(*command, "layer", options->layer, layer_names(), "Layer to show.");
    add_number(*command, "--limit", options->limit, 1, 1'000'000, "Maximum number of rows to show.");
    add_values(*command, "--columns", options->columns, "NAME,NAME", "Show only these columns.")
        ->delimiter(',');
    add_duration(*command, "--last", options->last,
                 "Show only rows at most this much older than the newest row. 0 shows rows of any age.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return show(globals, *options); }; });
}

}  // namespace millrace::cli
