#include "silver/stage/quarantine_replay.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <set>

#include "base/clock.h"
#include "base/json.h"
#include "bronze/origin.h"
#include "produce/appender.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/newest_rows.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

namespace json = boost::json;

namespace {

using storage::column;

std::optional<std::string> optional_bytes(const arrow::BinaryArray& values, std::int64_t row) {
    if (values.IsNull(row)) return std::nullopt;
    return std::string(values.GetView(row));
}

QuarantinedRecord record_at(const arrow::RecordBatch& rows, std::int64_t i) {
    QuarantinedRecord record;
    record.topic = column<arrow::StringArray>(rows, "topic").GetString(i);
    record.partition = column<arrow::Int32Array>(rows, "partition").Value(i);
    record.offset = bronze::Offset(column<arrow::Int64Array>(rows, "offset").Value(i));
    const auto& indices = column<arrow::Int32Array>(rows, "record_index");
    record.record_index = indices.IsValid(i) ? indices.Value(i) : 0;
    record.log_epoch = column<arrow::Int32Array>(rows, "log_epoch").Value(i);
    record.log_time = model::from_us(column<arrow::TimestampArray>(rows, "kafka_timestamp").Value(i));
    record.key = optional_bytes(column<arrow::BinaryArray>(rows, "kafka_key"), i);
    record.value = optional_bytes(column<arrow::BinaryArray>(rows, "value"), i);
    record.headers = optional_bytes(column<arrow::BinaryArray>(rows, "headers"), i).value_or("");
    record.rule = column<arrow::StringArray>(rows, "rule").GetString(i);
    const auto& fields = column<arrow::StringArray>(rows, "field");
    if (fields.IsValid(i)) record.field = fields.GetString(i);
    record.message = column<arrow::StringArray>(rows, "message").GetString(i);
    return record;
}

/// Returns the positions in the replay headers of all records in the log.
std::set<std::string> replayed_positions(const bronze::EventLog& log) {
    std::set<std::string> positions;
    for (int p = 0; p < log.partitions(); ++p) {
        const auto reader = log.read(p, log.offsets(p).start);
        for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
            for (const bronze::Record& record : records) {
                if (record.headers.size() <= 1) continue;
                for (const bronze::Header& header : bronze::decode_headers(record)) {
                    if (header.key == bronze::origin_header::replayed) positions.emplace(header.value);
                }
            }
        }
    }
    return positions;
}

/// Returns the place of a JSON pointer (RFC 6901), or nullptr if it leads nowhere. The last step may be a new
/// member of an object.
json::value* place_of(json::value& root, std::string_view pointer) {
    json::value* at = &root;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        std::string step(pointer.substr(0, pointer.find('/')));
        pointer.remove_prefix(step.size());
        for (const auto& [escape, character] : {std::pair("~1", "/"), std::pair("~0", "~")}) {
            for (std::size_t found = step.find(escape); found != std::string::npos;
                 found = step.find(escape, found + 1))
                step.replace(found, 2, character);
        }
        if (auto* object = at->if_object()) {
            at = pointer.empty() ? &(*object)[step] : object->if_contains(step);
        } else if (auto* array = at->if_array()) {
            std::size_t index = array->size();
            const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
            const bool is_index = error == std::errc() && end == step.data() + step.size();
            at = is_index && index < array->size() ? &(*array)[index] : nullptr;
        } else {
            at = nullptr;
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

/// Returns the key of a fixed record: its user_id, which the fix may have set, or else the old key.
std::string key_of(const QuarantinedRecord& record, const std::string& fixed) {
    boost::system::error_code error;
    const json::value value = json::parse(fixed, error);
    if (!error && value.is_object()) {
        const std::string user = base::string_member(value.get_object(), "user_id");
        if (!user.empty()) return user;
    }
    return record.key.value_or("");
}

}  // namespace

std::string QuarantinedRecord::position() const {
    return bronze::position_text(topic, log_epoch, partition, offset);
}

bool QuarantineFilter::admits(const QuarantinedRecord& record) const {
    return (!rule || *rule == record.rule) && (!partition || *partition == record.partition) &&
           (!offset || *offset == record.offset) && (!record_index || *record_index == record.record_index);
}

std::vector<QuarantinedRecord> newest_quarantined(const catalog::DataDirectory& data,
                                                  const QuarantineFilter& filter, std::size_t limit) {
    if (!storage::DeltaTable::exists(data.quarantine())) return {};
    const auto table = storage::DeltaTable::open(data.quarantine());
    const auto admits = [&](const arrow::RecordBatch& rows, std::int64_t row) {
        QuarantinedRecord record;
        record.rule = column<arrow::StringArray>(rows, "rule").GetString(row);
        record.partition = column<arrow::Int32Array>(rows, "partition").Value(row);
        record.offset = bronze::Offset(column<arrow::Int64Array>(rows, "offset").Value(row));
        const auto& indices = column<arrow::Int32Array>(rows, "record_index");
        record.record_index = indices.IsValid(row) ? indices.Value(row) : 0;
        return filter.admits(record);
    };
    const auto places = storage::newest_rows(table, {.columns = quarantine_schema(),
                                                     .time = "kafka_timestamp",
                                                     .ties = {"log_epoch", "partition", "offset"},
                                                     .limit = limit,
                                                     .filter = admits,
                                                     .filter_columns = {"rule", "record_index"}});
    std::vector<QuarantinedRecord> records(places.size());
    storage::read_rows(table, *quarantine_schema(), places, {},
                       [&](std::size_t place, const arrow::RecordBatch& rows, std::int64_t row) {
                           records[place] = record_at(rows, row);
                       });
    return records;
}

void scan_quarantine(const catalog::DataDirectory& data, const QuarantineFilter& filter,
                     const std::function<bool(const QuarantinedRecord&)>& visit) {
    if (!storage::DeltaTable::exists(data.quarantine())) return;
    const auto table = storage::DeltaTable::open(data.quarantine());
    std::vector<const storage::AddFile*> files;
    for (const auto& [path, add] : table.snapshot().files) files.push_back(&add);
    std::ranges::sort(files, {}, &storage::AddFile::modification_time);
    bool more = true;
    for (const storage::AddFile* add : files) {
        if (!more) return;
        const auto& schema = *quarantine_schema();
        storage::scan_parquet(table.root() / add->path, schema, {}, [&](const arrow::RecordBatch& rows) {
            for (std::int64_t i = 0; more && i < rows.num_rows(); ++i) {
                const QuarantinedRecord record = record_at(rows, i);
                if (filter.admits(record)) more = visit(record);
            }
        });
    }
}

Fix fix_by_setting(const std::vector<std::pair<std::string, std::string>>& fields) {
    return [fields](const QuarantinedRecord& record) -> FixResult {
        boost::system::error_code error;
        json::value value = json::parse(record.value.value_or(""), error);
        if (error || !value.is_object()) return {};
        for (const auto& [name, text] : fields) {
            boost::system::error_code not_json;
            json::value set = json::parse(text, not_json);
            if (not_json) set = json::value(text);
            if (!name.starts_with('/')) {
                value.get_object()[name] = set;
            } else if (json::value* place = place_of(value, name)) {
                *place = set;
            } else {
                return {};
            }
        }
        std::string fixed = json::serialize(value);
        return {.value = fixed, .unchanged = fixed == record.value};
    };
}

QuarantineReplayReport replay_quarantine(const catalog::DataDirectory& data, bronze::EventLog& log,
                                         const QuarantineFilter& filter, const Fix& fix) {
    if (!storage::DeltaTable::exists(data.quarantine())) return {};
    base::File lock_file(data.quarantine() / ".replay.lock", base::File::Mode::read_write);
    const std::lock_guard lock(lock_file);  // two replays at the same time would append records twice
    QuarantineReplayReport report;
    const std::set<std::string> replayed = replayed_positions(log);
    std::set<std::string> seen;  // positions of this call: a record has a row for each refused item
    produce::Appender appender(log);
    scan_quarantine(data, filter, [&](const QuarantinedRecord& record) {
        if (record.topic != log.topic()) return true;
        const std::string position = record.position();
        if (!seen.insert(position).second) return true;
        const FixResult fixed = fix(record);
        if (replayed.contains(position)) {
            ++report.already;
        } else if (fixed.unchanged) {
            ++report.unchanged;
        } else if (!fixed.value) {
            ++report.unfixable;
        } else {
            bronze::Record original;
            original.headers = record.headers;
            auto headers = bronze::decode_headers(original);
            headers.push_back({bronze::origin_header::replayed, position});
            appender.add(key_of(record, *fixed.value), *fixed.value, base::wall_time(), headers);
            ++report.appended;
        }
        return true;
    });
    appender.flush();
    return report;
}

}  // namespace millrace::silver
