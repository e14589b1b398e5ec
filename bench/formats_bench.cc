// Decodes messages of about 1 KB as Segment's library for Node.js sends them, beside simdjson's own parse of
// the same texts.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/record.h"
#include "model/timestamp.h"
#include "silver/formats/ga4_decoder.h"
#include "silver/formats/segment_decoder.h"
#include "silver/message/json_tree.h"

namespace {

using namespace millrace;

constexpr std::size_t message_count = 10'000;
constexpr auto first_message = model::from_us(1'714'564'800'000'000);

/// Messages behind each other in one buffer, as in a record batch.
struct Messages {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> places;  // offset and size
    std::int64_t bytes = 0;

    void add(std::string_view message) {
        places.emplace_back(text.size(), message.size());
        text += message;
        bytes += static_cast<std::int64_t>(message.size());
    }
    void finish() { text.append(bronze::record_padding, '\0'); }
    [[nodiscard]] std::string_view operator[](std::size_t i) const {
        return std::string_view(text).substr(places[i].first, places[i].second);
    }
};

std::string properties_of(std::size_t number) {
    const auto product = [](std::size_t id) {
        return fmt::format(
            R"({{"product_id":"prod_{:04}","sku":"SKU-{}","category":"electronics","name":"Wireless headphones {}","brand":"Acme","variant":"black","price":{}.{:02},"quantity":{},"image_url":"https://cdn.shop.example/img/{}.jpg"}})",
            id % 1000, id % 777, id % 1000, 10 + id % 400, id % 100, 1 + id % 3, id % 1000);
    };
    if (number % 10 == 9) {
        return fmt::format(
            R"({{"order_id":"order_{}","affiliation":"web","total":{}.50,"tax":4.2,"shipping":5,"currency":"EUR","products":[{},{}]}})",
            number, 50 + number % 400, product(number), product(number + 7));
    }
    std::string one = product(number);
    one.pop_back();
    return fmt::format(
        R"({},"currency":"EUR","position":{},"url":"https://shop.example/p/{}","value":{}.{:02},"list_id":"related"}})",
        one, number % 20, number % 1000, 10 + number % 400, number % 100);
}

const Messages& segment_messages() {
    static const Messages made = [] {
        constexpr std::array<std::string_view, 10> names = {
            "Product Viewed", "Product Viewed", "Product Clicked", "Product Viewed", "Product Added",
            "Product Viewed", "Product Viewed", "Product Added",   "Product Viewed", "Order Completed"};
        Messages messages;
        for (std::size_t i = 0; i < message_count; ++i) {
            const auto time = model::format_timestamp(
                first_message + std::chrono::microseconds(static_cast<std::int64_t>(i) * 1'001'000));
            messages.add(fmt::format(
                R"({{"userId":"user_{:05}","anonymousId":"5f0c7a52-3d5b-4c7a-9f5e-{:012}","event":"{}","properties":{},"context":{{"page":{{"url":"https://shop.example/p/{}?utm_source=newsletter&utm_medium=email","path":"/p/{}","referrer":"https://www.google.com/","title":"Shop"}},"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36","ip":"203.0.113.{}","locale":"de-DE","library":{{"name":"@segment/analytics-node","version":"2.1.3"}}}},"integrations":{{}},"timestamp":"{}","messageId":"node-next-{}-8c3f9d0e-{:012}","type":"track","_metadata":{{"nodeVersion":"20.11.0","jsRuntime":"node"}}}})",
                i % 5000, i, names[i % names.size()], properties_of(i), i % 1000, i % 1000, i % 250, time,
                1'714'564'800'000 + i, i));
        }
        messages.finish();
        return messages;
    }();
    return made;
}

const Messages& ga4_messages() {
    static const Messages made = [] {
        Messages messages;
        for (std::size_t i = 0; i < message_count; ++i)
            messages.add(fmt::format(
                R"({{"name":"view_item","params":{{"currency":"EUR","value":{}.5,"session_id":"{}","engagement_time_msec":100,"page_location":"https://shop.example/p/{}","page_referrer":"https://www.google.com/","items":[{{"item_id":"prod_{}","item_name":"Wireless headphones","item_brand":"Acme","item_category":"electronics","item_variant":"black","price":{}.5,"quantity":1}}]}}}})",
                10 + i % 400, 1'714'564'800 + i / 10, i % 1000, i % 1000, 10 + i % 400));
        messages.finish();
        return messages;
    }();
    return made;
}

void report_rates(benchmark::State& state, const Messages& messages) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(message_count));
    state.SetBytesProcessed(state.iterations() * messages.bytes);
}

void decode_all(benchmark::State& state, const Messages& messages, silver::MessageDecoder& decoder,
                std::string_view shared, std::size_t expected) {
    std::vector<silver::Item> items;
    silver::Message message;
    message.origin = {.source = "web", .received = "1714564801000", .shared = shared};
    message.position = "topic/epoch/0/1";
    message.log_time = model::to_wall_time(first_message);
    for (auto _ : state) {
        std::size_t good = 0;
        for (std::size_t i = 0; i < message_count; ++i) {
            message.text = messages[i];
            decoder.decode(message, items);
            for (const silver::Item& item : items) good += item.verdict.ok() && item.event.price ? 1 : 0;
        }
        if (good != expected) state.SkipWithError("an event is missing");
    }
    report_rates(state, messages);
}

void decode_segment(benchmark::State& state) {
    silver::SegmentDecoder decoder;
    decode_all(state, segment_messages(), decoder, R"({"sentAt":"2024-05-01T12:00:01.000Z"})",
               message_count / 10 * 11);
}
BENCHMARK(decode_segment);

void decode_ga4(benchmark::State& state) {
    silver::Ga4Decoder decoder;
    decode_all(state, ga4_messages(), decoder, R"({"client_id":"123.456","user_agent":"Mozilla/5.0"})",
               message_count);
}
BENCHMARK(decode_ga4);

void read_tree(benchmark::State& state) {
    silver::JsonTree tree;
    for (auto _ : state) {
        for (std::size_t i = 0; i < message_count; ++i) {
            if (tree.read(segment_messages()[i]) != model::ValidationRule::none) state.SkipWithError("tree");
        }
    }
    report_rates(state, segment_messages());
}
BENCHMARK(read_tree);

void parse_with_simdjson(benchmark::State& state) {
    simdjson::dom::parser parser;
    for (auto _ : state) {
        for (std::size_t i = 0; i < message_count; ++i) {
            const std::string_view text = segment_messages()[i];
            if (parser.parse(text.data(), text.size(), false).error() != simdjson::SUCCESS)
                state.SkipWithError("parse");
        }
    }
    report_rates(state, segment_messages());
}
BENCHMARK(parse_with_simdjson);

}  // namespace
