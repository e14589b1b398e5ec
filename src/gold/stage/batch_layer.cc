#include "gold/stage/batch_layer.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>

#include "base/clock.h"
#include "base/error.h"
#include "catalog/table_locks.h"
#include "gold/orders.h"
#include "gold/stage/gold.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/gold_writer.h"
#include "gold/stage/silver_reader.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

namespace json = boost::json;

namespace {

/// What links and orders tell of the days before and after is read once for all of them.
constexpr std::int64_t days_at_once = 31;
/// The rows of a table are written when there are so many.
constexpr std::int64_t rows_at_once = 64 << 10;
std::set<TableGroup> all_groups() {
    return {all_table_groups.begin(), all_table_groups.end()};
}

/// Removes the events outside `wanted`, and leaves the others in their order. Returns those that it removed
/// within `read`: only sessions need them.
std::vector<Event> cut(Events& events, Window read, Window wanted) {
    std::vector<Event> beside;
    std::ranges::copy_if(events.rows, std::back_inserter(beside), [read, wanted](const Event& event) {
        return read.contains(event.time) && !wanted.contains(event.time);
    });
    std::erase_if(events.rows, [wanted](const Event& event) { return !wanted.contains(event.time); });
    return beside;
}

constexpr int max_attempts = 5;
/// The process that runs Gold saves its position each minute.
constexpr auto longest_wait = std::chrono::seconds(90);
constexpr auto position_interval = std::chrono::milliseconds(200);

/// Ends a computation early.
struct Cancelled : std::exception {};

Error too_busy(std::string_view doing) {
    return Error(
        doing,
        fmt::format("the tables had newer rows of these days than the saved state of Gold in each of {} "
                    "attempts",
                    max_attempts),
        "Try again; if no process runs Gold, run this first: millrace gold --available-now");
}

}  // namespace

json::object BatchLayerReport::to_json() const {
    return {
        {"events", events}, {"rows", rows}, {"silver_version", silver_version.value()}, {"seconds", seconds}};
}

BatchLayer::BatchLayer(const catalog::DataDirectory& data, const model::ShopSettings& settings,
                       base::WorkerPool& pool)
    : data_(data),
      settings_(settings),
      pool_(pool),
      zone_(settings.time_zone),
      silver_(storage::DeltaTable::open(data.silver())),
      lock_(catalog::gold_lock(data)),
      alone_(lock_, std::defer_lock) {}

/// Reads the newest version of Silver, and how far the speed layer has published. Without a usable state of
/// the speed layer, everything in Silver counts as published, and this process takes the stage's lock.
void BatchLayer::read_position() {
    silver_.refresh();
    const auto state = read_gold_position(data_.gold_state());
    const bool usable = state && state->silver_id == silver_.snapshot().metadata.id &&
                        state->settings == catalog::settings_text(settings_);
    position_ =
        usable ? PublishedPosition{.silver_version = state->silver_version, .watermark = state->watermark}
               : PublishedPosition{.silver_version = silver_.snapshot().version, .watermark = end_of_time};
    if (usable || alone_.owns_lock()) return;
    if (!alone_.try_lock())
        throw Error("recomputing days of Gold", "another process is rebuilding Gold",
                    "Try again when it has finished.");
}

/// Waits until the process that runs Gold has saved a newer position than the one that was read. Returns at
/// once when no process runs it.
void BatchLayer::wait_for_newer_position(const base::StopSignal& stop) const {
    if (alone_.owns_lock()) return;
    const auto end = std::chrono::steady_clock::now() + longest_wait;
    while (std::chrono::steady_clock::now() < end && catalog::gold_runs(data_)) {
        const auto saved = read_gold_position(data_.gold_state());
        if (saved && saved->silver_version > position_.silver_version) return;
        if (stop.wait_for(position_interval)) return;
    }
}

std::optional<DayRange> BatchLayer::all_days() const {
    std::optional<DayRange> days;
    for (const auto& [path, add] : silver_.snapshot().files) {
        const auto date = model::parse_day(storage::partition_value(add, "event_date"));
        if (!date) continue;
        // A UTC day overlaps up to two days of another time zone.
        const std::int64_t first = zone_.day_of(model::day_start(*date));
        const std::int64_t last = zone_.day_of(model::day_start(*date + 1) - std::chrono::microseconds(1));
        days = days ? DayRange{std::min(days->from, first), std::max(days->to, last)} : DayRange{first, last};
    }
    return days;
}

/// The files that may have events of these times.
std::vector<storage::AddFile> BatchLayer::files_between(Window times) const {
    std::vector<storage::AddFile> files;
    for (const auto& [path, add] : silver_.snapshot().files) {
        const auto date = model::parse_day(storage::partition_value(add, "event_date"));
        if (date && model::day_start(*date + 1) > times.start && model::day_start(*date) < times.end)
            files.push_back(add);
    }
    return files;
}

/// Computes the rows of the days' windows that end at or before the speed layer's watermark, and some rows
/// of neighbouring days, for the tables of these groups. Calls `progressed` whenever `output` may have more
/// rows. Returns how many events were read.
std::int64_t BatchLayer::compute(DayRange days, const std::set<TableGroup>& groups, Output& output,
                                 const std::function<void()>& progressed) {
    std::set<TableGroup> others = groups;
    others.erase(TableGroup::orders);
    OrderChannels channels;
    std::int64_t events = 0;
    if (!others.empty()) events = compute_windows(days, others, output, progressed, channels);
    if (!groups.contains(TableGroup::orders)) return events;
    if (!groups.contains(TableGroup::sessions)) channels = published_channels(days);
    compute_orders(days, output, progressed, channels);
    return events;
}

/// With sessions, `channels` gets those of all purchases of orders on these days.
std::int64_t BatchLayer::compute_windows(DayRange days, const std::set<TableGroup>& groups, Output& output,
                                         const std::function<void()>& progressed, OrderChannels& channels) {
    const bool sessions = groups.contains(TableGroup::sessions);
    const Window wanted{zone_.day_start(days.from), zone_.day_start(days.to + 1) + max_window_length};
    const Window around{
        zone_.day_start(days.from - 1) - std::max(settings_.gold.session_gap, settings_.gold.inactivity),
        zone_.day_start(days.to + 2)};
    const Window read = sessions ? around : wanted;
    Gold gold(zone_, settings_.gold, [this](auto tasks) { pool_.run_all(std::move(tasks)); });
    gold.compute_only(groups);
    gold.tell_channels([&](const Event& event, Channel channel) {
        channels.add(gold.strings()[Field::order].hash(event.order), event.time, channel);
    });
    learn_visitors(read, sessions, gold.strings(), gold.visitors(), [&] {
        gold.collect_garbage([](Marks&) {});
        progressed();
    });
    OrderLedger ledger(gold.strings(), settings_.gold.order_repeats);
    learn_orders_before(read.start, gold.strings(), ledger, [&] {
        gold.collect_garbage([&ledger](Marks& marks) { ledger.mark(marks); });
        progressed();
    });
    std::int64_t events = 0;
    const auto add = [&](Events& rows, Timestamp left) {
        const auto beside = cut(rows, read, wanted);
        if (sessions) gold.add_to_sessions(beside);
        gold.add(rows, {}, {.watermark = std::min(left, position_.watermark)}, output);
    };
    const auto take = [&](Events& rows, Timestamp left) {
        events += static_cast<std::int64_t>(rows.rows.size());
        std::erase_if(rows.rows, [&](const Event& event) { return !read.contains(event.time); });
        std::erase_if(rows.links, [&](const Link& link) { return !wanted.contains(link.time); });
        gold.visitors().name(rows.rows);
        (void)ledger.hold(rows.rows);
        const auto settled = ledger.settle(settled_before(left));
        rows.rows.insert(rows.rows.end(), settled.begin(), settled.end());
        add(rows, settled_before(left));
        gold.collect_garbage([&ledger](Marks& marks) { ledger.mark(marks); });
        progressed();
    };
    read_silver_rows(silver_.root(), files_between(read), gold.strings(), pool_, take);
    Events rest{.rows = ledger.settle(end_of_time), .links = {}, .clocks = {}};
    add(rest, end_of_time);
    gold.close(position_.watermark, output);
    return events;
}

/// The files that may have events of orders of these times.
std::vector<storage::AddFile> BatchLayer::order_files_between(Window times) const {
    auto files = files_between(times);
    std::erase_if(files, [](const storage::AddFile& add) {
        return !is_of_orders(storage::partition_value(add, "event_type"));
    });
    return files;
}

/// Lets `visitors` know the links that tell who the visitors within these times were, and, with `activity`,
/// the events before that tell which of them are new. A message that removes a link may come at any time.
void BatchLayer::learn_visitors(Window times, bool activity, Strings& strings, Visitors& visitors,
                                const std::function<void()>& progressed) {
    const base::Duration reach = settings_.gold.identity_reach;
    const Window around{times.start - reach, times.end + reach};
    auto files = files_between(around);
    for (const auto& [path, add] : silver_.snapshot().files) {
        if (storage::partition_value(add, "event_type") == "unlink" &&
            std::ranges::find(files, path, &storage::AddFile::path) == files.end())
            files.push_back(add);
    }
    const auto learn = [&](Events& rows, Timestamp) {
        visitors.learn(rows.links);
        if (activity) visitors.saw(rows.rows);
        progressed();
    };
    (activity ? read_silver_visitors : read_silver_links)(silver_.root(), files, strings, pool_, learn);
}

/// Lets `ledger` know the events of orders before a time: those within the period before it, and those that
/// tell which of these count.
void BatchLayer::learn_orders_before(Timestamp time, Strings& strings, OrderLedger& ledger,
                                     const std::function<void()>& progressed) {
    const Window before{time - 2 * settings_.gold.order_repeats, time};
    const auto learn = [&](Events& rows, Timestamp left) {
        std::erase_if(rows.rows, [&](const Event& event) { return !before.contains(event.time); });
        (void)ledger.hold(rows.rows);
        (void)ledger.settle(std::min(left, time));
        progressed();
    };
    read_silver_rows(silver_.root(), order_files_between(before), strings, pool_, learn);
    (void)ledger.settle(time);
}

/// Computes the rows of the orders that began on the days, in hours that end at or before the speed layer's
/// watermark, from all events of Silver that name them.
void BatchLayer::compute_orders(DayRange days, Output& output, const std::function<void()>& progressed,
                                const OrderChannels& channels) {
    const model::GoldOptions& options = settings_.gold;
    const Window wanted{zone_.day_start(days.from), zone_.day_start(days.to + 1)};
    const Window read{wanted.start - std::max(options.order_life, 2 * options.order_repeats), end_of_time};
    Strings strings;
    OrderLedger ledger(strings, options.order_repeats);
    Orders orders(strings, zone_, options.order_life, wanted, [&](const Event& event) {
        const auto channel = channels.find(strings[Field::order].hash(event.order), event.time);
        return channel.value_or(Channel::unknown);
    });
    Visitors visitors(strings, options.identity_reach);
    const auto collect_garbage = [&] {
        if (!strings.due()) return;
        Marks marks = strings.marks();
        ledger.mark(marks);
        orders.mark(marks);
        visitors.mark(marks);
        strings.sweep(marks);
    };
    learn_visitors(wanted, false, strings, visitors, [&] {
        collect_garbage();
        progressed();
    });
    const auto take = [&](Events& rows, Timestamp left) {
        std::erase_if(rows.rows, [&](const Event& event) { return !read.contains(event.time); });
        visitors.name(rows.rows);
        (void)ledger.hold(rows.rows);
        orders.add(ledger.settle(left));
        collect_garbage();
        progressed();
    };
    read_silver_rows(silver_.root(), order_files_between(read), strings, pool_, take);
    orders.add(ledger.settle(end_of_time));
    orders.close(position_.watermark, output);
}

/// The channels that published rows of orders have. An event that changes one is late for the sessions of its
/// day, with which the orders are computed again.
OrderChannels BatchLayer::published_channels(DayRange days) const {
    OrderChannels channels;
    const auto table = storage::DeltaTable::open(data_.gold() / table_name(Table::orders));
    const auto add = [&](const arrow::RecordBatch& rows) {
        const auto* names = storage::optional_column<arrow::StringArray>(rows, "channel");
        if (names == nullptr) return;
        const auto& orders = storage::column<arrow::StringArray>(rows, "order_id");
        const auto& times = storage::column<arrow::TimestampArray>(rows, "first_at");
        for (std::int64_t row = 0; row < rows.num_rows(); ++row)
            channels.add(StringPool::hash_of(orders.GetView(row)), storage::time_at(times, row),
                         channel_named(names->GetView(row)));
    };
    for (const auto& [path, file] : table.snapshot().files) {
        const auto day = model::parse_day(storage::partition_value(file, "day"));
        if (day && *day >= days.from && *day <= days.to)
            storage::scan_parquet(table.root() / path, *table_layout(Table::orders).schema,
                                  {"order_id", "first_at", "channel"}, add);
    }
    return channels;
}

/// The day after the last one that is replaced, by group: rows of sessions that may be open stay.
std::array<std::int64_t, table_group_count> BatchLayer::ends(std::int64_t to) const {
    std::array<std::int64_t, table_group_count> ends{};
    ends.fill(to);
    ends[static_cast<std::size_t>(TableGroup::sessions)] = std::min(to, sealed_end());
    return ends;
}

std::int64_t BatchLayer::sealed_end() const {
    return first_unsealed_day(position_.watermark, zone_);
}

std::optional<std::int64_t> BatchLayer::correct(const Correction& correction,
                                                const PublishedPosition& position,
                                                const std::function<bool()>& go_on) {
    position_ = position;
    silver_.refresh();
    const auto [from, to] = correction.days;
    GoldWriter writer(data_, pool_);
    GoldWriter::Replacement replacement{.from = from, .silver_version = position.silver_version};
    replacement.to.fill(from);
    std::set<TableGroup> groups = {correction.group};
    if (correction.group == TableGroup::sessions) groups.insert(TableGroup::orders);
    for (const TableGroup group : groups) {
        const auto place = static_cast<std::size_t>(group);
        replacement.to[place] = ends(to + 1)[place];
    }
    Output output;
    try {
        (void)compute(correction.days, groups, output, [&] {
            writer.write(replacement, output, rows_at_once);
            if (!go_on()) throw Cancelled();
        });
        writer.write(replacement, output, 1);
        if (writer.replace(replacement)) return replacement.rows;
    } catch (const Cancelled&) {
    }
    writer.discard(replacement);
    return std::nullopt;
}

/// Tries a step until the tables have no newer rows of its days than the saved state of Gold, which is read
/// before each attempt. Throws an Error after too many attempts, or when it is stopped.
void BatchLayer::attempt(const Step& step, const base::StopSignal& stop, const std::function<bool()>& once) {
    for (int attempts = 0; attempts < max_attempts; ++attempts) {
        if (attempts > 0) wait_for_newer_position(stop);
        if (stop.requested()) throw Error(step.doing, "the command was stopped", step.hint_when_stopped);
        read_position();
        if (once()) return;
    }
    throw too_busy(step.doing);
}

BatchLayerReport BatchLayer::replace(DayRange days, const base::StopSignal& stop) {
    const base::Stopwatch watch;
    BatchLayerReport report;
    for (std::int64_t from = days.from; from <= days.to; from += days_at_once) {
        const DayRange some{from, std::min(days.to, from + days_at_once - 1)};
        const auto hint =
            fmt::format("Days before {} are replaced; continue with that day.", model::format_day(from));
        attempt({"recomputing days of Gold", hint}, stop, [&] { return replace_once(some, report); });
    }
    report.seconds = watch.seconds();
    return report;
}

PublishedPosition BatchLayer::begin() {
    read_position();
    return position_;
}

/// A replacement of all tables' rows of some days, without files.
GoldWriter::Replacement BatchLayer::replacement_of(DayRange days) const {
    return {.from = days.from,
            .to = ends(days.to + 1),
            .silver_version = position_.silver_version,
            .provisional_too = position_.watermark == end_of_time};
}

PreparedDays BatchLayer::prepare(DayRange days, const PublishedPosition& position) {
    position_ = position;
    GoldWriter writer(data_, pool_);
    GoldWriter::Replacement replacement = replacement_of(days);
    Output output;
    PreparedDays prepared{.days = days};
    prepared.events =
        compute(days, all_groups(), output, [&] { writer.write(replacement, output, rows_at_once); });
    writer.write(replacement, output, 1);
    GoldWriter::finish(replacement);
    prepared.rows = replacement.rows;
    prepared.files = std::move(replacement.files);
    return prepared;
}

bool BatchLayer::commit(std::vector<PreparedDays> parts, const PublishedPosition& position) {
    if (parts.empty()) return true;
    std::ranges::sort(parts, {}, [](const PreparedDays& part) { return part.days.from; });
    position_ = position;
    GoldWriter writer(data_, pool_);
    GoldWriter::Replacement replacement =
        replacement_of({.from = parts.front().days.from, .to = parts.back().days.to});
    for (PreparedDays& part : parts) {
        replacement.rows += part.rows;
        for (std::size_t table = 0; table < table_count; ++table)
            std::ranges::move(part.files[table], std::back_inserter(replacement.files[table]));
    }
    if (writer.replace(replacement)) return true;
    writer.discard(replacement);
    return false;
}

/// Replaces the rows of some days in all tables. False when the tables have newer rows of these days.
bool BatchLayer::replace_once(DayRange days, BatchLayerReport& report) {
    PreparedDays prepared = prepare(days, position_);
    report.events += prepared.events;
    report.silver_version = position_.silver_version;
    const std::int64_t rows = prepared.rows;
    std::vector<PreparedDays> all;
    all.push_back(std::move(prepared));
    if (!commit(std::move(all), position_)) return false;
    report.rows += rows;
    return true;
}

/// Shows the rows of the days, and some rows of neighbouring days, some at a time.
void BatchLayer::show_rows(DayRange days, const VisitGoldRows& visit) {
    Output output;
    const auto show = [&](std::int64_t min_rows) {
        for (const Table table : metric_tables) {
            if (output[table].size() < min_rows) continue;
            for (const auto& [day, rows] : output[table].take()) visit(table, day, *rows);
        }
    };
    (void)compute(days, all_groups(), output, [&] { show(rows_at_once); });
    show(1);
}

std::vector<GoldDifference> BatchLayer::reconcile(DayRange days, std::size_t limit,
                                                  const base::StopSignal& stop) {
    std::vector<GoldDifference> found;
    for (std::int64_t from = days.from; from <= days.to && found.size() < limit; from += days_at_once) {
        const DayRange some{from, std::min(days.to, from + days_at_once - 1)};
        attempt({"comparing days of Gold", {}}, stop, [&] {
            GoldComparison comparison(data_.gold(), {.days = some,
                                                     .sessions_to = sealed_end(),
                                                     .silver_version = position_.silver_version,
                                                     .open_elsewhere = position_.watermark != end_of_time});
            if (!comparison.is_possible()) return false;
            std::ranges::move(comparison.run([&](const VisitGoldRows& visit) { show_rows(some, visit); },
                                             limit - found.size()),
                              std::back_inserter(found));
            return true;
        });
    }
    return found;
}

}  // namespace millrace::gold
