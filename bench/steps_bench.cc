#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "bronze/record_batch.h"
#include "produce/event_writer.h"
#include "produce/shop.h"
#include "silver/check.h"
#include "silver/decoder.h"
#include "silver/event_columns.h"
#include "silver/id_set.h"
#include "silver/silver_table.h"
#include "storage/parquet_file.h"

namespace {

using namespace millrace;

constexpr std::size_t count = 50'000;
constexpr auto start = model::from_us(1'569'888'000'000'000);

/// A batch of simulator events in the form in which the log holds it.
struct Sample {
    std::string batch;
    std::string scratch;
    std::vector<bronze::Record> records;
    std::int64_t bytes = 0;

    Sample() {
        produce::Shop shop({.users = 500, .products = 100}, 1);
        produce::EventWriter writer;
        bronze::RecordBatchBuilder builder;
        for (std::size_t i = 0; i < count; ++i) {
            const auto time = start + std::chrono::milliseconds(i);
            const auto number = static_cast<std::int64_t>(i) + 1;
            const std::string_view value = writer.write(number, shop.act(time, number), time);
            builder.add(writer.user_id(), value, model::to_wall_time(time));
        }
        batch = builder.finish();
        bytes = static_cast<std::int64_t>(batch.size());
        batch.append(bronze::record_padding, '\0');
        const std::string_view whole = std::string_view(batch).substr(0, static_cast<std::size_t>(bytes));
        bronze::decode_records(*bronze::parse_batch_header(whole), whole, scratch, records);
    }
};

const Sample& sample() {
    static const Sample made;
    return made;
}

void set_rates(benchmark::State& state) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
    state.SetBytesProcessed(state.iterations() * sample().bytes);
}

void read_batch(benchmark::State& state) {
    std::string scratch;
    std::vector<bronze::Record> records;
    const std::string_view whole =
        std::string_view(sample().batch).substr(0, static_cast<std::size_t>(sample().bytes));
    for (auto _ : state) {
        records.clear();
        const auto header = bronze::parse_batch_header(whole);
        if (!bronze::batch_crc_matches(*header, whole)) state.SkipWithError("CRC");
        if (!bronze::decode_records(*header, whole, scratch, records)) state.SkipWithError("records");
    }
    set_rates(state);
}
BENCHMARK(read_batch);

void decode_and_check(benchmark::State& state) {
    silver::Decoder decoder;
    model::RuleOptions options;
    silver::EventTypes types(100);
    silver::Checker checker(options, types);
    model::Event event;
    for (auto _ : state) {
        for (const auto& record : sample().records) {
            if (!decoder.decode(record.value, event).ok()) state.SkipWithError("decode");
            if (!checker.check(event, record.timestamp).ok()) state.SkipWithError("check");
        }
    }
    set_rates(state);
}
BENCHMARK(decode_and_check);

void dedupe(benchmark::State& state) {
    std::vector<silver::IdHash> hashes;
    for (std::size_t i = 0; i < 2'000'000; ++i)
        hashes.push_back(silver::hash_id(fmt::format("evt_{:08}", i)));
    std::int64_t inserted = 0;
    for (auto _ : state) {
        silver::IdSet ids(1U << 30U);
        ids.reserve(hashes.size());
        for (std::size_t from = 0; from < hashes.size(); from += 16) {
            for (std::size_t i = from; i < from + 16; ++i) ids.prefetch(hashes[i]);
            for (std::size_t i = from; i < from + 16; ++i)
                inserted += ids.insert(hashes[i], start, 1) ? 1 : 0;
        }
    }
    if (inserted != state.iterations() * static_cast<std::int64_t>(hashes.size()))
        state.SkipWithError("lost ids");
    state.SetItemsProcessed(inserted);
}
BENCHMARK(dedupe)->Unit(benchmark::kMillisecond);

/// Appends the sample's events. Each decoder decodes one event, because an event's strings point into its
/// decoder.
void columns(benchmark::State& state) {
    std::vector<silver::Decoder> decoders(64);
    std::vector<model::Event> events(decoders.size());
    for (std::size_t i = 0; i < decoders.size(); ++i)
        decoders[i].decode(sample().records[i].value, events[i]);
    silver::EventColumns made;
    for (auto _ : state) {
        made.start({.day = 18170, .event_type = "view", .partition = 0, .log_epoch = 1});
        for (std::size_t i = 0; i < count; ++i)
            made.append(events[i % events.size()], {.record = sample().records[i]});
    }
    set_rates(state);
}
BENCHMARK(columns);

void encode(benchmark::State& state) {
    silver::Decoder decoder;
    silver::EventColumns made;
    made.start({.day = 18170, .event_type = "view", .partition = 0, .log_epoch = 1});
    model::Event event;
    for (const auto& record : sample().records) {
        decoder.decode(record.value, event);
        made.append(event, {.record = record});
    }
    const auto path =
        std::filesystem::temp_directory_path() / fmt::format("millrace_bench_{}.parquet", ::getpid());
    for (auto _ : state) {
        storage::ParquetWriter writer(path, silver::silver_layout());
        writer.write(*made.batch(start));
        if (writer.finish().rows != static_cast<std::int64_t>(count)) state.SkipWithError("rows");
    }
    std::filesystem::remove(path);
    set_rates(state);
}
BENCHMARK(encode);

}  // namespace

BENCHMARK_MAIN();
