#include "spark_binding.h"

#include <nanobind/stl/chrono.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/json.h"
#include "python/gold_job.h"
#include "python/silver_job.h"
#include "python/silver_replay.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace millrace::python {

namespace {

/// A range as Python has it: partition, epoch, committed, start and end (silver::RecordRange).
using RangeTuple = std::tuple<int, int, std::int64_t, std::int64_t, std::int64_t>;

using Duration = std::chrono::microseconds;

std::vector<RangeTuple> tuples_of(const std::vector<silver::RecordRange>& ranges) {
    std::vector<RangeTuple> tuples;
    tuples.reserve(ranges.size());
    for (const auto& range : ranges)
        tuples.emplace_back(range.partition, range.epoch, range.committed.value(), range.start.value(),
                            range.end.value());
    return tuples;
}

/// Commits results, each of which is a bytes object.
std::string commit_results(SilverCommitter& committer, const std::vector<nb::bytes>& results) {
    std::vector<std::string_view> views;
    views.reserve(results.size());
    for (const nb::bytes& result : results) views.emplace_back(result.c_str(), result.size());
    const nb::gil_scoped_release released;
    return base::json::serialize(committer.commit(views).to_json());
}

/// The views of bytes or str objects, which must outlive them.
std::vector<std::string_view> views_of(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

}  // namespace

void bind_gold_job(nb::module_& module) {
    nb::class_<GoldJob>(module, "GoldJob", "The batch layer of Gold in parts. Used by millrace.spark.")
        .def(nb::init<const std::string&, std::size_t>(), "data"_a,
             "threads"_a = base::WorkerPool::processors, nb::call_guard<nb::gil_scoped_release>())
        .def("all_days", &GoldJob::all_days, nb::call_guard<nb::gil_scoped_release>(),
             "The first and the last day of Silver's events, or None.")
        .def("begin", &GoldJob::begin, nb::call_guard<nb::gil_scoped_release>(),
             "How far Gold is published, for prepare() and commit().")
        .def(
            "prepare",
            [](GoldJob& job, const std::string& from, const std::string& to, const std::string& begun) {
                return job.prepare(from, to, begun);
            },
            "first"_a, "last"_a, "begun"_a, nb::call_guard<nb::gil_scoped_release>(),
            "Computes the rows of some days into files that no commit names, for commit().")
        .def(
            "commit",
            [](GoldJob& job, const std::vector<std::string>& prepared, const std::string& begun) {
                return job.commit(views_of(prepared), begun);
            },
            "prepared"_a, "begun"_a, nb::call_guard<nb::gil_scoped_release>(),
            "Commits days that follow each other. Returns the number of rows, or None when the tables have "
            "changed meanwhile.");
}

namespace {

void bind_place(nb::module_& module) {
    using Properties = std::map<std::string, std::string>;
    nb::class_<SilverPlace>(module, "SilverPlace", "Where a silver table and its log are.")
        .def(
            "__init__",
            [](SilverPlace* self, std::string data, std::string place, std::string topic,
               Properties properties, std::string settings, bool archive) {
                new (self) SilverPlace{std::move(data),       std::move(place),    std::move(topic),
                                       std::move(properties), std::move(settings), archive};
            },
            "data"_a, "place"_a, "topic"_a, "properties"_a = Properties(), nb::kw_only(), "settings"_a = "",
            "archive"_a = false,
            "data: the data directory. place, topic, properties: those of Log. settings: all settings of the "
            "shop as JSON; empty for the stored ones. archive: read what the log has removed from its "
            "archive.")
        .def("shop_settings",
             [](const SilverPlace& place) { return catalog::settings_text(place.shop_settings()); });
}

void bind_planner(nb::module_& module) {
    nb::class_<SilverPlanner>(module, "SilverPlanner", "Plans what the tasks of a silver stage process.")
        .def(nb::init<const SilverPlace&, bool>(), "place"_a, nb::kw_only(),
             "continue_on_data_loss"_a = false, nb::call_guard<nb::gil_scoped_release>())
        .def("progress", &SilverPlanner::progress, nb::call_guard<nb::gil_scoped_release>(),
             "The offset of the first record of each partition that the table does not have.")
        .def("log_ends", &SilverPlanner::log_ends, nb::call_guard<nb::gil_scoped_release>(),
             "The offset after the last record of each partition.")
        .def(
            "next_batch",
            [](SilverPlanner& planner, const Offsets& ends, std::int64_t records, std::int64_t bytes) {
                return planner.next_batch(ends, {.records = records, .bytes = bytes});
            },
            "ends"_a, nb::kw_only(), "records"_a = 0, "bytes"_a = 0, nb::call_guard<nb::gil_scoped_release>(),
            "The offsets before which a batch ends that has at most so many records and about so many bytes.")
        .def(
            "ranges",
            [](SilverPlanner& planner, const Offsets& ends, int tasks, std::int64_t most_records) {
                const nb::gil_scoped_release released;
                return tuples_of(planner.ranges(ends, {.tasks = tasks, .most_records = most_records}));
            },
            "ends"_a, nb::kw_only(), "tasks"_a = 1, "most_records"_a = silver::TaskSizes().most_records,
            "What the table lacks up to these offsets, in ranges for SilverTask.")
        .def("event_types", &SilverPlanner::event_types, nb::call_guard<nb::gil_scoped_release>());
}

void bind_task(nb::module_& module) {
    nb::class_<SilverTask>(module, "SilverTask", "Processes one range into data files that no commit names.")
        .def(
            "__init__",
            [](SilverTask* self, const SilverPlace& place, const RangeTuple& range,
               const std::vector<std::string>& types) {
                const auto [partition, epoch, committed, start, end] = range;
                const nb::gil_scoped_release released;
                new (self) SilverTask(
                    place,
                    {partition, epoch, bronze::Offset(committed), bronze::Offset(start), bronze::Offset(end)},
                    types);
            },
            "place"_a, "range"_a, "event_types"_a)
        .def("step", &SilverTask::step, nb::call_guard<nb::gil_scoped_release>(),
             "Processes the next records. Returns their number, or None when the range has ended.")
        .def(
            "finish",
            [](SilverTask& task) {
                std::string result;
                {
                    const nb::gil_scoped_release released;
                    result = task.finish();
                }
                return nb::bytes(result.data(), result.size());
            },
            "The result, for SilverCommitter.commit().");
}

void bind_committer(nb::module_& module) {
    const silver::RangeCommitter::Options usual;
    nb::class_<SilverCommitter>(module, "SilverCommitter",
                                "Commits what the tasks of a silver stage have made, each range once.")
        .def(
            "__init__",
            [](SilverCommitter* self, const SilverPlace& place, const Duration& horizon,
               std::int64_t dedupe_bytes) {
                const nb::gil_scoped_release released;
                new (self) SilverCommitter(place, {.horizon = horizon, .dedupe_bytes = dedupe_bytes});
            },
            "place"_a, nb::kw_only(), "horizon"_a = Duration(usual.horizon),
            "dedupe_bytes"_a = usual.dedupe_bytes)
        .def("commit", &commit_results, "results"_a,
             "Deduplicates the rows of results, and commits them with the progress of their partitions. "
             "Returns the report of the batch as JSON, as `millrace silver --json` prints it; its version is "
             "-1 if the table had all of them.");
}

/// Calls a Python function (list of ranges, list of event types) -> list of bytes.
std::vector<std::string> call_tasks(const nb::callable& run_tasks,
                                    const std::vector<silver::RecordRange>& ranges,
                                    const std::vector<std::string>& event_types) {
    const nb::gil_scoped_acquire acquired;
    std::vector<std::string> results;
    for (const auto& result : run_tasks(tuples_of(ranges), event_types)) {
        const auto bytes = nb::cast<nb::bytes>(result);
        results.emplace_back(bytes.c_str(), bytes.size());
    }
    return results;
}

std::string run_replay(SilverReplay& replay, const nb::callable& run_tasks,
                       const SilverReplay::Division& division) {
    silver::ReplayReport report;
    {
        const nb::gil_scoped_release released;
        report = replay.run(division, [&](const auto& ranges, const auto& types) {
            return call_tasks(run_tasks, ranges, types);
        });
    }
    return base::json::serialize(base::json::object{{"version", report.version.value()},
                                                    {"received", report.received},
                                                    {"silver", report.silver},
                                                    {"duplicates", report.duplicates},
                                                    {"quarantined", report.quarantined},
                                                    {"kept_rows", report.kept_rows}});
}

void bind_replay(nb::module_& module) {
    const silver::RangeCommitter::Options usual;
    nb::class_<SilverReplay>(module, "SilverReplay", "Rebuilds a silver table by tasks.")
        .def(
            "__init__",
            [](SilverReplay* self, const SilverPlace& place, const Duration& horizon,
               std::int64_t dedupe_bytes) {
                const nb::gil_scoped_release released;
                new (self) SilverReplay(place, {.horizon = horizon, .dedupe_bytes = dedupe_bytes});
            },
            "place"_a, nb::kw_only(), "horizon"_a = Duration(usual.horizon),
            "dedupe_bytes"_a = usual.dedupe_bytes)
        .def(
            "run",
            [](SilverReplay& replay, const nb::callable& run_tasks, std::int64_t records, int tasks,
               std::int64_t most_records) {
                return run_replay(
                    replay, run_tasks,
                    {.round = {.records = records}, .tasks = {.tasks = tasks, .most_records = most_records}});
            },
            "run_tasks"_a, nb::kw_only(), "records"_a, "tasks"_a, "most_records"_a,
            "run_tasks: called with ranges and event types, for which it runs a SilverTask each, and returns "
            "their results. records: the most of one call. Returns a report as JSON, as `millrace replay "
            "--json` prints it.");
}

}  // namespace

void bind_silver_job(nb::module_& module) {
    bind_place(module);
    bind_planner(module);
    bind_task(module);
    bind_committer(module);
    bind_replay(module);
}

}  // namespace millrace::python
