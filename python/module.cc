/// The module millrace._native: what Python sees of the operations in src/python. docs/python.md describes
/// it.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/chrono.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "base/error.h"
#include "base/log.h"
#include "python/decoder.h"
#include "python/gold_tables.h"
#include "python/input_records.h"
#include "python/log.h"
#include "python/rows.h"
#include "python/table.h"
#include "spark_binding.h"
#include "storage/arrow_status.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace millrace::python {

namespace {

constexpr auto exchanging = "exchanging Arrow data with Python";

/// Calls a function without the interpreter's lock.
template <typename Function>
auto without_lock(Function&& function) {
    const nb::gil_scoped_release released;
    return function();
}

/// Releases what a consumer has not taken over.
template <typename Struct>
void release(void* pointer) noexcept {
    auto* exported = static_cast<Struct*>(pointer);
    if (exported->release != nullptr) exported->release(exported);
    delete exported;
}

nb::capsule stream_of(std::shared_ptr<arrow::RecordBatchReader> reader) {
    auto stream = std::make_unique<ArrowArrayStream>();
    storage::check(arrow::ExportRecordBatchReader(std::move(reader), stream.get()), exchanging);
    return {stream.release(), "arrow_array_stream", release<ArrowArrayStream>};
}

nb::capsule schema_of(const arrow::Schema& schema) {
    auto exported = std::make_unique<ArrowSchema>();
    storage::check(arrow::ExportSchema(schema, exported.get()), exchanging);
    return {exported.release(), "arrow_schema", release<ArrowSchema>};
}

/// Takes over what a capsule of this name points to.
template <typename Struct>
Struct* pointer_in(const nb::handle& capsule, const char* name) {
    void* pointer = PyCapsule_GetPointer(capsule.ptr(), name);
    if (pointer == nullptr) throw nb::python_error();
    return static_cast<Struct*>(pointer);
}

bool is_arrow_data(const nb::handle& object) {
    return nb::hasattr(object, "__arrow_c_array__") || nb::hasattr(object, "__arrow_c_stream__");
}

/// Returns a reader of an object of Arrow's PyCapsule interface. It must be read without the interpreter's
/// lock, for which threads of its producer may wait.
std::shared_ptr<arrow::RecordBatchReader> reader_of(const nb::object& object) {
    if (!nb::hasattr(object, "__arrow_c_stream__")) {
        const auto pair = nb::cast<nb::tuple>(object.attr("__arrow_c_array__")());
        const auto batch =
            storage::value_of(arrow::ImportRecordBatch(pointer_in<ArrowArray>(pair[1], "arrow_array"),
                                                       pointer_in<ArrowSchema>(pair[0], "arrow_schema")),
                              exchanging);
        return storage::value_of(arrow::RecordBatchReader::Make({batch}, batch->schema()), exchanging);
    }
    const nb::object capsule = object.attr("__arrow_c_stream__")();
    return storage::value_of(
        arrow::ImportRecordBatchReader(pointer_in<ArrowArrayStream>(capsule, "arrow_array_stream")),
        exchanging);
}

/// The schema of a schema, or of data such as those of a Polars frame.
std::shared_ptr<arrow::Schema> import_schema(const nb::object& object) {
    if (!nb::hasattr(object, "__arrow_c_schema__")) {
        if (!is_arrow_data(object))
            throw nb::type_error("the schema must be one of Arrow's, or Arrow data that has it");
        return reader_of(object)->schema();
    }
    const nb::object capsule = object.attr("__arrow_c_schema__")();
    return storage::value_of(arrow::ImportSchema(pointer_in<ArrowSchema>(capsule, "arrow_schema")),
                             exchanging);
}

[[noreturn]] void throw_no_messages() {
    throw nb::type_error("decode() takes a sequence of bytes or str, or Arrow data with a column value");
}

/// Returns a list or tuple of a sequence's elements, which keeps them alive.
nb::object list_of(const nb::object& records) {
    if (!nb::isinstance<nb::sequence>(records) || nb::isinstance<nb::str>(records) ||
        nb::isinstance<nb::bytes>(records))
        throw_no_messages();
    PyObject* list = PySequence_Fast(records.ptr(), "decode() takes a sequence");
    if (list == nullptr) throw nb::python_error();
    return nb::steal(list);
}

/// The bytes of each element of a list or tuple, which must outlive them.
std::vector<std::string_view> values_of(const nb::object& list) {
    std::vector<std::string_view> values;
    values.reserve(nb::len(list));
    for (const nb::handle each : list) {
        if (nb::isinstance<nb::bytes>(each)) {
            const auto bytes = nb::borrow<nb::bytes>(each);
            values.emplace_back(bytes.c_str(), bytes.size());
        } else if (nb::isinstance<nb::str>(each)) {
            Py_ssize_t size = 0;
            const char* text = PyUnicode_AsUTF8AndSize(each.ptr(), &size);
            if (text == nullptr) throw nb::python_error();
            values.emplace_back(text, static_cast<std::size_t>(size));
        } else {
            throw_no_messages();
        }
    }
    return values;
}

Decoder::Decoded decode(Decoder& decoder, const nb::object& records, const DefaultPlace& place) {
    if (!is_arrow_data(records)) {
        const nb::object list = list_of(records);
        const InputRecords input(values_of(list), place);
        const nb::gil_scoped_release released;
        return decoder.decode(input.records());
    }
    const auto reader = reader_of(records);
    const nb::gil_scoped_release released;
    std::vector<std::unique_ptr<InputRecords>> inputs;
    std::vector<InputRecord> all;
    DefaultPlace next = place;
    while (const auto batch = storage::value_of(reader->Next(), exchanging)) {
        inputs.push_back(std::make_unique<InputRecords>(*batch, next));
        const auto& some = inputs.back()->records();
        all.insert(all.end(), some.begin(), some.end());
        next.offset += batch->num_rows();
    }
    return decoder.decode(all);
}

/// The member of a file's entry. Nothing if it is absent or None.
template <typename Value>
std::optional<Value> member_of(const nb::dict& entry, const char* name) {
    if (!entry.contains(name) || nb::object(entry[name]).is_none()) return std::nullopt;
    Value value;
    if (!nb::try_cast<Value>(entry[name], value))
        throw nb::type_error((std::string("the member ") + name + " of a file has a wrong type").c_str());
    return value;
}

template <typename Value>
Value required_member_of(const nb::dict& entry, const char* name) {
    auto value = member_of<Value>(entry, name);
    if (!value) throw nb::value_error((std::string("a file has no member ") + name).c_str());
    return std::move(*value);
}

storage::AddFile file_of(const nb::dict& entry) {
    storage::AddFile add;
    add.path = required_member_of<std::string>(entry, "path");
    add.size = required_member_of<std::int64_t>(entry, "size");
    add.stats = member_of<std::string>(entry, "stats").value_or("");
    add.modification_time = base::wall_time();
    using Values = std::map<std::string, std::optional<std::string>>;
    for (auto& [name, value] : member_of<Values>(entry, "partition_values").value_or(Values()))
        add.partition_values.emplace_back(name, value.value_or(""));
    return add;
}

nb::dict entry_of(const storage::AddFile& add) {
    nb::dict entry;
    entry["path"] = add.path;
    entry["size"] = add.size;
    nb::dict values;
    for (const auto& [name, value] : add.partition_values)
        values[name.c_str()] = value.empty() ? nb::none() : nb::cast(value);
    entry["partition_values"] = values;
    entry["stats"] = add.stats.empty() ? nb::none() : nb::cast(add.stats);
    return entry;
}

nb::list files_of(const storage::Snapshot& snapshot) {
    nb::list files;
    for (const auto& [path, add] : snapshot.files) files.append(entry_of(add));
    return files;
}

nb::dict txns_of(const storage::Snapshot& snapshot) {
    nb::dict txns;
    for (const auto& [app_id, txn] : snapshot.txns) txns[app_id.c_str()] = txn.version;
    return txns;
}

nb::list history_of(const Table& table, std::size_t limit) {
    const auto known = without_lock([&] { return table.history(limit); });
    nb::list commits;
    for (const auto& [version, commit] : known) {
        nb::dict entry;
        entry["version"] = version;
        entry["timestamp"] = base::to_ms(commit.timestamp);
        entry["operation"] = commit.operation;
        entry["added"] = commit.adds.size();
        entry["removed"] = commit.removes.size();
        nb::dict txns;
        for (const storage::Txn& txn : commit.txns) txns[txn.app_id.c_str()] = txn.version;
        entry["txns"] = txns;
        commits.append(entry);
    }
    return commits;
}

nb::dict counts_of(const Decoder& decoder) {
    const DecoderCounts counts = without_lock([&] { return decoder.counts(); });
    nb::dict entry;
    entry["records"] = counts.records;
    entry["items"] = counts.items;
    entry["silver"] = counts.silver;
    entry["quarantined"] = counts.quarantined;
    entry["ignored"] = counts.ignored;
    return entry;
}

using Duration = std::chrono::microseconds;

/// The time of a datetime, which must say its zone.
model::Timestamp time_of(const nb::object& datetime) {
    if (!nb::hasattr(datetime, "tzinfo") || datetime.attr("tzinfo").is_none())
        throw nb::value_error("earliest must be a datetime with a time zone, such as datetime.UTC");
    const nb::object epoch = datetime.attr("__class__").attr("fromtimestamp")(0, datetime.attr("tzinfo"));
    return model::Timestamp(nb::cast<Duration>(datetime - epoch));
}

Decoder* make_decoder(const std::string& format, const std::string& topic, int epoch,
                      const std::string& currency, const std::string& require_price, bool accept_free_items,
                      int max_event_types, const nb::object& earliest, Duration future) {
    if (require_price != "purchases" && require_price != "all")
        throw nb::value_error("require_price must be 'purchases' or 'all'");
    model::RuleOptions rules;
    rules.message_format = format;
    rules.currency = currency;
    rules.require_price = model::price_requirement_of(require_price);
    rules.accept_free_items = accept_free_items;
    rules.max_event_types = max_event_types;
    if (!earliest.is_none()) rules.earliest = time_of(earliest);
    rules.future = future;
    return new Decoder(std::move(rules), {.topic = topic, .epoch = epoch});
}

void bind_rows(nb::module_& module) {
    nb::class_<Rows>(module, "Rows",
                     "Rows in memory, which Arrow's libraries take over without copying: "
                     "pyarrow.table(rows), polars.DataFrame(rows), duckdb.sql('from rows').")
        .def("__len__", &Rows::size)
        .def(
            "__arrow_c_schema__", [](const Rows& rows) { return schema_of(*rows.schema()); },
            "The schema, for Arrow's libraries.")
        .def(
            "__arrow_c_stream__",
            [](const Rows& rows, const nb::object& /*requested_schema*/) { return stream_of(rows.reader()); },
            "requested_schema"_a = nb::none(), "All rows, for Arrow's libraries.")
        .def("__repr__", [](const Rows& rows) {
            return "<millrace.Rows: " + std::to_string(rows.size()) + " rows, " +
                   std::to_string(rows.schema()->num_fields()) + " columns>";
        });
    nb::class_<TableRows>(module, "TableRows",
                          "The rows of a version of a table, which are read from its files when an Arrow "
                          "library asks for them, some at a time.")
        .def(
            "__arrow_c_schema__", [](const TableRows& rows) { return schema_of(*rows.schema()); },
            "The schema, for Arrow's libraries.")
        .def(
            "__arrow_c_stream__",
            [](const TableRows& rows, const nb::object& /*requested_schema*/) {
                return stream_of(rows.reader());
            },
            "requested_schema"_a = nb::none(), "All rows from the first on, for Arrow's libraries.");
}

void bind_decoder(nb::module_& module) {
    nb::class_<Decoder>(module, "Decoder",
                        "Decodes and checks messages as the silver stage does, without looking for copies "
                        "of an event. Its methods may be called by several threads, and take turns.")
        .def(
            nb::new_(&make_decoder), "format"_a = "auto", nb::kw_only(), "topic"_a = "records", "epoch"_a = 0,
            "currency"_a = "EUR", "require_price"_a = "purchases", "accept_free_items"_a = false,
            "max_event_types"_a = 100, "earliest"_a = nb::none(),
            "future"_a = Duration(model::RuleOptions().future),
            "format: auto, native, segment, ga4, rees46 or retailrocket. topic and epoch: the log that the "
            "messages come from; ids of events without one are derived from them and from the message's "
            "partition and offset. The others are the settings of a shop's validation rules: an event before "
            "earliest (a datetime with a time zone; 2000 by default), or later than its record by more than "
            "future, is refused.")
        .def(
            "decode",
            [](Decoder& decoder, const nb::object& records, std::int32_t partition, std::int64_t offset) {
                auto decoded = decode(decoder, records, {.partition = partition, .offset = offset});
                return std::pair(std::move(decoded.silver), std::move(decoded.quarantine));
            },
            "records"_a, nb::kw_only(), "partition"_a = 0, "offset"_a = 0,
            "Returns the clean rows and the refused ones, with the columns of the silver table and of the "
            "quarantine table. records: bytes or str, or Arrow data with the columns that Kafka's records "
            "have in Spark: value and, if there, key, partition, offset, timestamp and headers. partition "
            "and offset are those of the first record where there are no such columns. The rows are grouped "
            "by partition, day and event type.")
        .def_prop_ro("counts", &counts_of,
                     "What has become of all records so far: records = the messages; items = what they say; "
                     "each item is in silver, quarantined, or one of ignored (by the reason).");
}

std::map<std::string, Rows> gold_of(const nb::object& silver, const std::string& time_zone,
                                    const model::GoldOptions& options) {
    const auto reader = reader_of(silver);
    const nb::gil_scoped_release released;
    GoldTables tables(time_zone, options);
    while (const auto batch = storage::value_of(reader->Next(), exchanging)) tables.add(*batch);
    return tables.finish();
}

void bind_gold(nb::module_& module) {
    const model::GoldOptions usual;
    module.def(
        "gold",
        [](const nb::object& silver, const std::string& time_zone, Duration session_gap, Duration inactivity,
           Duration order_repeats, Duration order_life, Duration identity_reach, double interest_share,
           std::int64_t interest_views, double interest_conversion) {
            model::GoldOptions options;
            options.session_gap = session_gap;
            options.inactivity = inactivity;
            options.order_repeats = order_repeats;
            options.order_life = order_life;
            options.identity_reach = identity_reach;
            options.interest_share = interest_share;
            options.interest_conversion = interest_conversion;
            options.interest_views = interest_views;
            return gold_of(silver, time_zone, options);
        },
        "silver"_a, nb::kw_only(), "time_zone"_a = "UTC", "session_gap"_a = Duration(usual.session_gap),
        "inactivity"_a = Duration(usual.inactivity), "order_repeats"_a = Duration(usual.order_repeats),
        "order_life"_a = Duration(usual.order_life), "identity_reach"_a = Duration(usual.identity_reach),
        "interest_share"_a = usual.interest_share, "interest_views"_a = usual.interest_views,
        "interest_conversion"_a = usual.interest_conversion,
        "Computes the tables of Gold, by their names, of rows of Silver, as if all windows and sessions had "
        "ended. silver: Arrow data with the silver table's columns, in any order; each event once. The "
        "others are the settings of a shop (docs/metrics.md). All events are kept in memory meanwhile.");
}

void bind_log(nb::module_& module) {
    using Properties = std::map<std::string, std::string>;
    constexpr std::int64_t usual_bytes = std::int64_t{64} << 20U;
    nb::class_<Log>(
        module, "Log",
        "A topic of Kafka, or of a shop's own log, to read its records. Its methods may be called "
        "by several threads.")
        .def(nb::init<const std::string&, const std::string&, const Properties&>(), "place"_a,
             "topic"_a = bronze::default_topic, nb::kw_only(), "properties"_a = Properties(),
             nb::call_guard<nb::gil_scoped_release>(),
             "place: kafka://HOST:PORT[,HOST:PORT]/TOPIC, or the folder of a log (DATA/bronze) with a topic. "
             "properties: those of librdkafka, such as security.protocol.")
        .def_prop_ro("topic", &Log::topic)
        .def_prop_ro("epoch", &Log::epoch, "Tells a topic from a later one of its name; 0 in Kafka.")
        .def("offsets", &Log::offsets, nb::call_guard<nb::gil_scoped_release>(),
             "The offset of the first record of each partition, and the one after its last record.")
        .def(
            "read", &Log::read, "partition"_a, "start"_a, "end"_a, nb::kw_only(), "max_bytes"_a = usual_bytes,
            nb::call_guard<nb::gil_scoped_release>(),
            "The records of a partition from the offset start to before end, as far as the log has them, and "
            "until they have about max_bytes, but at least one. The columns are those of Spark's Kafka "
            "source: key, value, topic, partition, offset, timestamp and headers. Decoder.decode() takes "
            "them.");
}

void bind_table(nb::module_& module) {
    nb::class_<Table>(module, "Table",
                      "A Delta table on this machine, at the version that it was opened at or refresh() has "
                      "found. Its methods may be called by several threads, and take turns.")
        .def(nb::init<const std::filesystem::path&>(), "path"_a, nb::call_guard<nb::gil_scoped_release>())
        .def_static(
            "create",
            [](const std::filesystem::path& path, const nb::object& schema,
               const std::vector<std::string>& partition_columns) {
                const auto columns = import_schema(schema);
                return without_lock([&] { return new Table(path, *columns, partition_columns); });
            },
            "path"_a, "schema"_a, "partition_columns"_a = std::vector<std::string>(),
            nb::rv_policy::take_ownership,
            "Opens the table, and creates it if there is none, or adds columns that it lacks. schema: one of "
            "Arrow's, or Arrow data that has it, such as a Polars frame.")
        .def_prop_ro("path", &Table::path)
        .def_prop_ro(
            "version", [](const Table& table) { return table.snapshot().version.value(); },
            "The number of the last commit, from 0.")
        .def_prop_ro("partition_columns",
                     [](const Table& table) { return table.snapshot().metadata.partition_columns; })
        .def_prop_ro(
            "files",
            [](const Table& table) { return files_of(without_lock([&] { return table.snapshot(); })); },
            "The data files: path below the table, size in bytes, partition_values, and stats (Delta's "
            "JSON).")
        .def_prop_ro(
            "txns",
            [](const Table& table) { return txns_of(without_lock([&] { return table.snapshot(); })); },
            "The last version that each application has committed (Delta's txn actions), by its id.")
        .def("refresh", &Table::refresh, nb::call_guard<nb::gil_scoped_release>(),
             "Reads the commits of other writers, and returns the newest version.")
        .def("rows", &Table::rows, "columns"_a = std::vector<std::string>(),
             nb::call_guard<nb::gil_scoped_release>(),
             "The rows of some columns, or of all. They are read when they are asked for.")
        .def("history", &history_of, "limit"_a = 100,
             "The newest commits first: version, timestamp (milliseconds since 1970), operation, the numbers "
             "of files added and removed, and txns.")
        .def(
            "commit",
            [](Table& table, const std::vector<nb::dict>& entries,
               const std::map<std::string, std::int64_t>& txns, const std::string& operation) {
                std::vector<storage::AddFile> files;
                files.reserve(entries.size());
                for (const nb::dict& entry : entries) files.push_back(file_of(entry));
                const nb::gil_scoped_release released;
                return table.commit(std::move(files), txns, operation);
            },
            "files"_a, nb::kw_only(), "txns"_a = std::map<std::string, std::int64_t>(),
            "operation"_a = "WRITE",
            "Commits files that were written below the table, as `files` lists them, and txns, durably and "
            "all at once. Returns the version, or None if another writer has committed one of these txns "
            "meanwhile, or a file is gone: then nothing is committed.");
}

}  // namespace

}  // namespace millrace::python

NB_MODULE(_native, module) {
    millrace::base::start_log("text", /*quiet=*/true);  // on stderr
    const nb::exception<millrace::Error> error(module, "Error", PyExc_RuntimeError);
    millrace::python::bind_rows(module);
    millrace::python::bind_decoder(module);
    millrace::python::bind_log(module);
    millrace::python::bind_gold(module);
    millrace::python::bind_silver_job(module);
    millrace::python::bind_gold_job(module);
    millrace::python::bind_table(module);
}
