#include "python/gold_job.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "gold/gold_tables.h"
#include "model/timestamp.h"
#include "storage/delta_action.h"

namespace millrace::python {

namespace json = boost::json;

namespace {

constexpr auto computing_gold = "recomputing days of Gold";

std::int64_t day_of(const std::string& text) {
    const auto day = model::parse_day(text);
    if (!day) throw usage_error(computing_gold, fmt::format("{} is not a day such as 2019-10-01", text));
    return *day;
}

gold::PublishedPosition parse_position(std::string_view bytes) {
    const auto object = base::parse_json(bytes, "the position of Gold").as_object();
    return {.silver_version = storage::Version(base::integer_member(object, "silver_version")),
            .watermark = model::from_us(base::integer_member(object, "watermark"))};
}

std::string to_text(const gold::PreparedDays& prepared) {
    json::object files;
    for (const gold::Table table : gold::metric_tables) {
        const auto& adds = prepared.files[static_cast<std::size_t>(table)];
        if (!adds.empty()) files[gold::table_name(table)] = storage::serialize_commit({.adds = adds});
    }
    return json::serialize(json::object{{"from", prepared.days.from},
                                        {"to", prepared.days.to},
                                        {"events", prepared.events},
                                        {"rows", prepared.rows},
                                        {"files", std::move(files)}});
}

gold::PreparedDays parse_prepared(std::string_view bytes) {
    const std::string_view what = "the rows of some days";
    const auto object = base::parse_json(bytes, what).as_object();
    gold::PreparedDays prepared{
        .days = {.from = base::integer_member(object, "from"), .to = base::integer_member(object, "to")},
        .events = base::integer_member(object, "events"),
        .rows = base::integer_member(object, "rows")};
    const auto& files = base::member(object, "files");
    for (const gold::Table table : gold::metric_tables) {
        const std::string commit =
            files.is_object() ? base::string_member(files.get_object(), gold::table_name(table)) : "";
        if (!commit.empty())
            prepared.files[static_cast<std::size_t>(table)] = storage::parse_commit(commit, what).adds;
    }
    return prepared;
}

}  // namespace

GoldJob::GoldJob(const std::string& data, std::size_t threads)
    : data_(data),
      settings_(data_.settings()),
      lease_(data_),
      pool_(threads),
      batch_(data_, settings_, pool_) {
    data_.check_not_rebuilding();
}

std::optional<std::pair<std::string, std::string>> GoldJob::all_days() {
    const base::MutexLock lock(mutex_);
    const auto days = batch_.all_days();
    if (!days) return std::nullopt;
    return std::pair(model::format_day(days->from), model::format_day(days->to));
}

std::string GoldJob::begin() {
    const base::MutexLock lock(mutex_);
    const gold::PublishedPosition position = batch_.begin();
    return json::serialize(json::object{{"silver_version", position.silver_version.value()},
                                        {"watermark", model::to_us(position.watermark)}});
}

std::string GoldJob::prepare(const std::string& from, const std::string& to, std::string_view begun) {
    const base::MutexLock lock(mutex_);
    return to_text(batch_.prepare({.from = day_of(from), .to = day_of(to)}, parse_position(begun)));
}

std::optional<std::int64_t> GoldJob::commit(const std::vector<std::string_view>& prepared,
                                            std::string_view begun) {
    const base::MutexLock lock(mutex_);
    std::vector<gold::PreparedDays> parts;
    std::int64_t rows = 0;
    parts.reserve(prepared.size());
    for (const std::string_view each : prepared) {
        parts.push_back(parse_prepared(each));
        rows += parts.back().rows;
    }
    if (!batch_.commit(std::move(parts), parse_position(begun))) return std::nullopt;
    return rows;
}

}  // namespace millrace::python
