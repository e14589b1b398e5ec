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
#include <vector>

#include "base/json.h"
#include "python/gold_job.h"
#include "python/silver_job.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace millrace::python {

namespace {

/// A range as Python has it: partition, epoch, committed, start and end (silver::RecordRange).
using RangeTuple = std::tuple<int, int, std::int64_t, std::int64_t, std::int64_t>;

std::vector<RangeTuple> ranges_of(SilverPlanner& planner, const Offsets& ends, int tasks,
                                  std::int64_t most_records) {
    std::vector<RangeTuple> ranges;
    for (const auto& range : planner.ranges(ends, {.tasks = tasks, .most_records = most_records}))
        ranges.emplace_back(range.partition, range.epoch, range.committed.value(), range.start.value(),
                            range.end.value());
    return ranges;
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

void bind_silver_job(nb::module_& module) {
    using Properties = std::map<std::string, std::string>;
    using Duration = std::chrono::microseconds;
    nb::class_<SilverPlanner>(module, "SilverPlanner",
                              "Plans what the tasks of a silver stage process. Used by millrace.spark.")
        .def(
            "__init__",
            [](SilverPlanner* self, const std::string& data, const std::string& place,
               const std::string& topic, const Properties& properties, bool continue_on_data_loss) {
                const nb::gil_scoped_release released;
                new (self) SilverPlanner({data, place, topic, properties}, continue_on_data_loss);
            },
            "data"_a, "place"_a, "topic"_a, "properties"_a = Properties(), nb::kw_only(),
            "continue_on_data_loss"_a = false,
            "data: the data directory. place, topic, properties: those of Log.")
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
                return ranges_of(planner, ends, tasks, most_records);
            },
            "ends"_a, nb::kw_only(), "tasks"_a = 1, "most_records"_a = silver::TaskSizes().most_records,
            "What the table lacks up to these offsets, in ranges for SilverTask.")
        .def("event_types", &SilverPlanner::event_types, nb::call_guard<nb::gil_scoped_release>());
    nb::class_<SilverTask>(
        module, "SilverTask",
        "Processes one range into data files that no commit names. Used by millrace.spark.")
        .def(
            "__init__",
            [](SilverTask* self, const std::string& data, const std::string& place, const std::string& topic,
               const Properties& properties, const RangeTuple& range, const std::vector<std::string>& types) {
                const auto [partition, epoch, committed, start, end] = range;
                const nb::gil_scoped_release released;
                new (self) SilverTask(
                    {data, place, topic, properties},
                    {partition, epoch, bronze::Offset(committed), bronze::Offset(start), bronze::Offset(end)},
                    types);
            },
            "data"_a, "place"_a, "topic"_a, "properties"_a, "range"_a, "event_types"_a)
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
    nb::class_<SilverCommitter>(
        module, "SilverCommitter",
        "Commits what the tasks of a silver stage have made, each range once. Used by "
        "millrace.spark.")
        .def(
            "__init__",
            [](SilverCommitter* self, const std::string& data, const std::string& place,
               const std::string& topic, const Properties& properties, const Duration& horizon,
               std::int64_t dedupe_bytes) {
                const nb::gil_scoped_release released;
                new (self) SilverCommitter({data, place, topic, properties},
                                           {.horizon = horizon, .dedupe_bytes = dedupe_bytes});
            },
            "data"_a, "place"_a, "topic"_a, "properties"_a = Properties(), nb::kw_only(),
            "horizon"_a = Duration(silver::RangeCommitter::Options().horizon),
            "dedupe_bytes"_a = silver::RangeCommitter::Options().dedupe_bytes)
        .def("commit", &commit_results, "results"_a,
             "Deduplicates the rows of results, and commits them with the progress of their partitions. "
             "Returns the report of the batch as JSON, as `millrace silver --json` prints it; its version is "
             "-1 if the table had all of them.");
}

}  // namespace millrace::python
