#include "bronze/record_batch.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "bronze/varint.h"

namespace millrace::bronze {
namespace {

struct Owned {
    std::optional<std::string> key, value;
    base::WallTime timestamp;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

std::string_view view(const std::optional<std::string>& text) {
    return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

Owned random_record(std::mt19937_64& random) {
    const auto bytes = [&](std::size_t most) {
        std::string text(random() % (most + 1), '\0');
        for (char& c : text) c = static_cast<char>(random());
        return text;
    };
    Owned record;
    if (random() % 5 != 0) record.key = bytes(20);
    if (random() % 10 != 0) record.value = bytes(random() % 50 == 0 ? 5000 : 300);
    record.timestamp = base::from_ms(static_cast<std::int64_t>(random() % 4'000'000'000'000ULL));
    for (auto n = random() % 3; n > 0; --n) {
        record.headers.emplace_back(bytes(8), random() % 3 == 0 ? std::nullopt : std::optional(bytes(10)));
    }
    return record;
}

class BatchRoundTrip : public testing::TestWithParam<Compression> {};

TEST_P(BatchRoundTrip, EveryRecordComesBack) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 100; ++round) {
        std::vector<Owned> sent;
        RecordBatchBuilder builder;
        for (auto n = 1 + random() % 40; n > 0; --n) {
            sent.push_back(random_record(random));
            std::vector<Header> headers;
            for (const auto& [key, value] : sent.back().headers) headers.push_back({key, view(value)});
            builder.add(view(sent.back().key), view(sent.back().value), sent.back().timestamp, headers);
        }
        const std::string batch(builder.finish(GetParam()));
        const auto header = parse_batch_header(batch);
        ASSERT_TRUE(header);
        ASSERT_EQ(header->total_bytes(), batch.size());
        ASSERT_TRUE(batch_crc_matches(*header, batch));
        std::string scratch;
        std::vector<Record> records;
        ASSERT_TRUE(decode_records(*header, batch, scratch, records));
        ASSERT_EQ(records.size(), sent.size());
        for (std::size_t i = 0; i < sent.size(); ++i) {
            EXPECT_EQ(records[i].offset, Offset(static_cast<std::int64_t>(i)));
            EXPECT_EQ(records[i].timestamp, sent[i].timestamp);
            EXPECT_EQ(records[i].key, view(sent[i].key));
            EXPECT_EQ(records[i].key.data() == nullptr, !sent[i].key);
            EXPECT_EQ(records[i].value, view(sent[i].value));
            EXPECT_EQ(records[i].value.data() == nullptr, !sent[i].value);
            const auto headers = decode_headers(records[i]);
            ASSERT_EQ(headers.size(), sent[i].headers.size());
            for (std::size_t h = 0; h < headers.size(); ++h) {
                EXPECT_EQ(headers[h].key, sent[i].headers[h].first);
                EXPECT_EQ(headers[h].value.data() == nullptr, !sent[i].headers[h].second);
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Codecs, BatchRoundTrip,
                         testing::Values(Compression::none, Compression::lz4, Compression::zstd),
                         [](const auto& codec) { return std::string(compression_name(codec.param)); });

TEST(RecordBatch, EveryFlippedBitIsFound) {
    RecordBatchBuilder builder;
    builder.add("user", "{\"event_id\":\"e1\"}", base::from_ms(1000));
    builder.add("user", "{\"event_id\":\"e2\"}", base::from_ms(1001));
    const std::string batch(builder.finish());
    for (std::size_t bit = 21 * 8; bit < batch.size() * 8;
         ++bit) {  // the CRC covers everything from the attributes on
        std::string damaged = batch;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        const auto header = parse_batch_header(damaged);
        EXPECT_FALSE(header && batch_crc_matches(*header, damaged)) << "bit " << bit;
    }
}

TEST(RecordBatch, DamageWithACorrectCrcDoesNotCrash) {
    std::mt19937_64 random(3);
    for (const Compression codec : {Compression::none, Compression::lz4, Compression::zstd}) {
        RecordBatchBuilder builder;
        for (int i = 0; i < 20; ++i) builder.add("key", std::string(50, 'x'), base::from_ms(i));
        const std::string batch(builder.finish(codec));
        for (int i = 0; i < 5000; ++i) {
            std::string damaged = batch;
            for (auto n = 1 + random() % 4; n > 0; --n)
                damaged[random() % damaged.size()] = static_cast<char>(random());
            const auto header = parse_batch_header(damaged);
            std::string scratch;
            std::vector<Record> records;
            if (header && header->total_bytes() == damaged.size() && header->record_count < 1000) {
                decode_records(*header, damaged, scratch, records);
            }
        }
    }
}

TEST(RecordBatch, ARecordOverTheLimitIsRefused) {
    RecordBatchBuilder builder;
    EXPECT_THROW(builder.add("k", std::string(max_record_bytes + 1, 'x'), base::WallTime()), Error);
    EXPECT_TRUE(builder.empty());
}

TEST(Varint, RoundTripsAtEveryLength) {
    for (int bits = 0; bits < 63; ++bits) {
        for (const std::int64_t value :
             {std::int64_t{1} << bits, -(std::int64_t{1} << bits), (std::int64_t{1} << bits) - 1}) {
            char text[max_varint_bytes];
            std::string_view bytes(text, static_cast<std::size_t>(put_varint(text, value) - text));
            EXPECT_EQ(bytes.size(), varint_size(value));
            std::int64_t read = 0;
            ASSERT_TRUE(take_varint(bytes, read));
            EXPECT_EQ(read, value);
        }
    }
}

}  // namespace
}  // namespace millrace::bronze
