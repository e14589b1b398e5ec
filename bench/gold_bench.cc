#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "gold/engagement_counts.h"
#include "gold/product_metrics.h"
#include "gold/sessions.h"
#include "gold/state/window.h"
#include "produce/shop.h"

namespace {

using namespace millrace;

constexpr std::size_t events_at_once = 50'000;
constexpr std::size_t chunks = 20;
constexpr auto first_time = model::from_us(1'569'888'000'000'000);
constexpr base::Duration step = std::chrono::days(1) / 5'000'000;  // 5 M events per day
constexpr base::Duration lateness = std::chrono::minutes(10);

gold::Kind kind_of(produce::Action action) {
    switch (action) {
        case produce::Action::view:
            return gold::Kind::view;
        case produce::Action::add_to_cart:
            return gold::Kind::add_to_cart;
        case produce::Action::purchase:
            return gold::Kind::purchase;
        case produce::Action::page_view:
            break;
    }
    return gold::Kind::other;
}

/// Some hours of the simulator's shop in the order of the log: 500 users, 100 products, 58 events per second.
struct Stream {
    gold::Strings strings;
    std::vector<std::vector<gold::Event>> events;
    model::TimeZone zone = model::TimeZone("UTC");

    Stream() {
        produce::Shop shop({.users = 500, .products = 100}, 1);
        auto time = first_time;
        for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
            auto& some = events.emplace_back();
            for (std::size_t i = 0; i < events_at_once; ++i, time += step) {
                const auto event = shop.act(time, time.time_since_epoch() / step);
                const auto id = [this](gold::Field field, std::string_view text) {
                    return strings[field].add(text);
                };
                const bool about_product = event.product != 0;
                const std::string product = about_product ? fmt::format("prod_{:04}", event.product) : "";
                const std::string_view category =
                    about_product ? produce::category_name(produce::product(event.product).category) : "";
                some.push_back({.time = time,
                                .price = 19'9900,
                                .kind = kind_of(event.action),
                                .user = id(gold::Field::user, fmt::format("user_{:04}", event.user)),
                                .product = id(gold::Field::product, product),
                                .category = id(gold::Field::category, category),
                                .device = id(gold::Field::device, event.device->type),
                                .session = id(gold::Field::session, fmt::format("sess_{:08}", event.session)),
                                .page = id(gold::Field::page, product),
                                .currency = id(gold::Field::currency, "USD")});
            }
        }
    }
};

const Stream& stream() {
    static const Stream made;
    return made;
}

/// Feeds a new operator chunk by chunk, with a watermark that is behind by the lateness. Closes all windows
/// at the end.
template <typename Make>
void feed(benchmark::State& state, Make&& make) {
    const Stream& source = stream();
    std::int64_t rows = 0;
    for (auto _ : state) {
        auto consumer = make(source);
        gold::Output output;
        for (const auto& some : source.events) {
            consumer.add(some);
            consumer.close(some.back().time - lateness, output);
        }
        consumer.close(first_time + std::chrono::days(3), output);
        rows += output.size();
    }
    if (rows == 0) state.SkipWithError("no rows");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(chunks * events_at_once));
}

/// EngagementCounts by product and minute.
class TumblingMinutes {
  public:
    explicit TumblingMinutes(const Stream& source)
        : strings_(source.strings), minutes_(gold::Grain::minute, source.zone) {}

    void add(const std::vector<gold::Event>& events) {
        for (const gold::Event& event : events) {
            if (auto* cell = minutes_.cell(event.time, {event.product, event.category, event.currency}))
                cell->add(event, strings_[gold::Field::user].hash(event.user));
        }
    }
    void close(model::Timestamp watermark, gold::Output& output) {
        minutes_.close(watermark, [&](gold::Window window, const auto& cells) {
            for (const auto& [key, interest] : cells) {
                gold::Row row = output[gold::Table::device_metrics].add(0);
                row.time(window.start).time(window.end);
                row.text(strings_.value(gold::Field::product, key.first)).text("USD");
                interest.write(row);
            }
        });
        minutes_.forget();
    }

  private:
    const gold::Strings& strings_;
    gold::GroupedWindows<gold::EngagementCounts> minutes_;
};

void tumbling_minutes(benchmark::State& state) {
    feed(state, [](const Stream& source) { return TumblingMinutes(source); });
}
BENCHMARK(tumbling_minutes)->Unit(benchmark::kMillisecond);

/// Writes both the rows of each minute and those of the five minutes that end with it.
void tumbling_and_sliding(benchmark::State& state) {
    feed(state, [](const Stream& source) { return gold::ProductMetrics(source.strings, source.zone); });
}
BENCHMARK(tumbling_and_sliding)->Unit(benchmark::kMillisecond);

/// Includes the funnel of the sessions.
void sessions(benchmark::State& state) {
    const model::GoldOptions options;
    feed(state, [&](const Stream& source) {
        static const gold::Visitors visitors(source.strings, options.identity_reach);
        return gold::Sessions(source.strings, source.zone, options, visitors);
    });
}
BENCHMARK(sessions)->Unit(benchmark::kMillisecond);

}  // namespace
