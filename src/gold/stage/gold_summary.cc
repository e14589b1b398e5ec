#include "gold/stage/gold_summary.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/units.h"
#include "gold/stage/alert_rows.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

namespace json = boost::json;

namespace {

constexpr std::size_t shown_alerts = 5;

using arrow::DoubleArray, arrow::Int64Array, arrow::RecordBatch, arrow::StringArray;
using storage::column;

constexpr std::size_t shown_products = 5;

/// The rows of the last day, from the tables and from the open windows.
class LastDay {
  public:
    LastDay(const catalog::DataDirectory& data, Output& open) : data_(data) {
        for (const Table table : metric_tables) {
            open_[table] = open[table].take();
            if (!open_[table].empty()) day_ = std::max(day_, open_[table].rbegin()->first);
            const auto stored = storage::DeltaTable::open(data.gold() / table_name(table));
            for (const auto& [path, add] : stored.snapshot().files)
                day_ = std::max(day_, model::parse_day(storage::partition_value(add, "day")).value_or(day_));
        }
    }
    [[nodiscard]] std::string day() const { return model::format_day(day_); }

    void each(Table table, const std::function<void(const RecordBatch&)>& visit) const {
        const auto root = data_.gold() / table_name(table);
        const auto stored = storage::DeltaTable::open(root);
        for (const auto& [path, add] : stored.snapshot().files) {
            if (storage::partition_value(add, "day") == day())
                storage::scan_parquet(root / path, *table_layout(table).schema, {}, visit);
        }
        const auto& days = open_.at(table);
        if (const auto found = days.find(day_); found != days.end()) visit(*found->second);
    }
    /// Shows the day's rows at one grain.
    void each(Table table, std::string_view grain,
              const std::function<void(const RecordBatch&, std::int64_t)>& visit) const {
        each(table, [&](const RecordBatch& rows) {
            const auto& grains =
                column<StringArray>(rows, table == Table::product_metrics ? "window" : "grain");
            for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
                if (grains.GetView(i) == grain) visit(rows, i);
            }
        });
    }

  private:
    const catalog::DataDirectory& data_;
    std::map<Table, std::map<std::int64_t, std::shared_ptr<RecordBatch>>> open_;
    std::int64_t day_ = 0;
};

std::int64_t count(const RecordBatch& rows, const char* name, std::int64_t row) {
    return column<Int64Array>(rows, name).Value(row);
}

std::vector<GoldSummary::Product> top_products(const LastDay& last) {
    std::map<std::string, GoldSummary::Product, std::less<>> products;
    last.each(Table::product_metrics, "1m", [&](const RecordBatch& rows, std::int64_t i) {
        auto& product = products[column<StringArray>(rows, "product_id").GetString(i)];
        product.views += count(rows, "views", i);
        product.carts += count(rows, "carts", i);
        product.purchases += count(rows, "purchases", i);
    });
    std::vector<GoldSummary::Product> top;
    for (auto& [id, product] : products) {
        product.id = id;
        top.push_back(std::move(product));
    }
    std::ranges::sort(top, [](const auto& a, const auto& b) {
        return a.views != b.views ? a.views > b.views : a.id < b.id;
    });
    top.resize(std::min(top.size(), shown_products));
    return top;
}

/// Formats a decimal number for people: "1057653.9600" becomes 1,057,653.96.
std::string amount(std::string_view decimal) {
    const auto point = std::min(decimal.find('.'), decimal.size());
    std::string text(decimal);
    while (text.size() > point + 3 && text.back() == '0') text.pop_back();  // two decimals stay
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    for (auto place = point; place > first + 3; place -= 3) text.insert(place - 3, ",");
    return text;
}

std::string percent(std::int64_t part, std::int64_t whole) {
    return whole == 0
               ? "-"
               : fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

GoldSummary summarize_gold(const catalog::DataDirectory& data, Output& open, std::int64_t alerts_before) {
    const LastDay last(data, open);
    GoldSummary summary{.day = last.day()};
    last.each(Table::funnel, "day", [&](const RecordBatch& rows, std::int64_t i) {
        summary.sessions += count(rows, "sessions", i);
        summary.viewed += count(rows, "sessions_viewed", i);
        summary.carted += count(rows, "sessions_carted", i);
        summary.purchased += count(rows, "sessions_purchased", i);
    });
    last.each(Table::kpis, "day", [&](const RecordBatch& rows, std::int64_t i) {
        summary.money.push_back({column<StringArray>(rows, "currency").GetString(i), count(rows, "orders", i),
                                 column<arrow::Decimal128Array>(rows, "gross_revenue").FormatValue(i),
                                 column<arrow::Decimal128Array>(rows, "net_revenue").FormatValue(i)});
    });
    last.each(Table::high_interest, "day", [&](const RecordBatch& rows, std::int64_t i) {
        summary.high_interest.push_back({column<StringArray>(rows, "product_id").GetString(i),
                                         column<DoubleArray>(rows, "share_of_views").Value(i),
                                         column<DoubleArray>(rows, "conversion_upper").Value(i)});
    });
    summary.products = top_products(last);
    std::ranges::copy_if(
        read_alerts(data), std::back_inserter(summary.alerts), [&](const model::Alert& alert) {
            return alert.state == model::Alert::State::firing && alert.sequence > alerts_before;
        });
    return summary;
}

json::object GoldSummary::to_json() const {
    json::array revenue;
    for (const Money& each : money) {
        revenue.push_back(json::object{{"currency", each.currency},
                                       {"orders", each.orders},
                                       {"gross_revenue", each.gross},
                                       {"net_revenue", each.net}});
    }
    json::array top;
    for (const Product& each : products) {
        top.push_back(json::object{{"product_id", each.id},
                                   {"views", each.views},
                                   {"carts", each.carts},
                                   {"purchases", each.purchases}});
    }
    json::array interest;
    for (const HighInterestProduct& each : high_interest) {
        interest.push_back(json::object{{"product_id", each.product_id},
                                        {"share_of_views", each.share_of_views},
                                        {"conversion_upper", each.conversion_upper}});
    }
    json::array fired;
    for (const model::Alert& each : alerts) {
        fired.push_back(json::object{{"alert_id", each.id},
                                     {"rule", each.rule},
                                     {"subject", each.subject},
                                     {"at", model::format_timestamp(each.at)},
                                     {"message", each.message}});
    }
    return {{"day", day},
            {"sessions", sessions},
            {"sessions_viewed", viewed},
            {"sessions_carted", carted},
            {"sessions_purchased", purchased},
            {"revenue", std::move(revenue)},
            {"top_products", std::move(top)},
            {"high_interest", std::move(interest)},
            {"alerts", std::move(fired)}};
}

std::string GoldSummary::text() const {
    std::string text = fmt::format("The shop on {}:\n", day);
    text += fmt::format("  funnel       {}, {} viewed, {} carted ({}), {} purchased ({} of carted)\n",
                        base::format_counted(sessions, "session"), base::format_count(viewed),
                        base::format_count(carted), percent(carted, viewed), base::format_count(purchased),
                        percent(purchased, carted));
    for (const Money& each : money) {
        text += fmt::format("  revenue      {} {} in {} ({} after refunds)\n", amount(each.gross),
                            each.currency, base::format_counted(each.orders, "order"), amount(each.net));
    }
    for (const Product& each : products) {
        text += fmt::format(
            "  {:12} {:>14} {:>14} {:>18}\n", each.id, base::format_counted(each.views, "view"),
            base::format_counted(each.carts, "cart"), base::format_counted(each.purchases, "purchase"));
    }
    for (const HighInterestProduct& each : high_interest) {
        text +=
            fmt::format("  ! {} has {:.0f}% of all views, and fewer than {:.1f}% of them end in a purchase\n",
                        each.product_id, 100 * each.share_of_views, 100 * each.conversion_upper);
    }
    const std::size_t left_out = alerts.size() - std::min(alerts.size(), shown_alerts);
    if (left_out > 0)
        text += fmt::format("  ! {}, the last {} are below; all: millrace show gold.alerts\n",
                            base::format_counted(static_cast<std::int64_t>(alerts.size()), "alert"),
                            shown_alerts);
    for (std::size_t i = left_out; i < alerts.size(); ++i)
        text += fmt::format("  ! alert      {}: {}\n", alerts[i].rule, alerts[i].message);
    return text;
}

}  // namespace millrace::gold
