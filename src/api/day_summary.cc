#include "api/day_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/reports.h"
#include "base/error.h"
#include "base/log.h"
#include "base/units.h"

namespace millrace::api {

namespace json = boost::json;

namespace {

constexpr std::size_t shown_alerts = 5;

std::int64_t count(const json::object& row, std::string_view name) {
    return base::integer_member(row, name);
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

std::string funnel_line(const json::object& day) {
    const std::int64_t carted = count(day, "sessions_carted");
    const std::int64_t purchased = count(day, "sessions_purchased");
    return fmt::format(
        "  funnel       {}, {} viewed, {} carted ({}), {} purchased ({} of carted) of one product\n",
        base::format_counted(count(day, "sessions"), "session"),
        base::format_count(count(day, "sessions_viewed")), base::format_count(carted),
        percent(carted, count(day, "sessions_viewed")), base::format_count(purchased),
        percent(purchased, carted));
}

std::string revenue_line(const json::object& money) {
    return fmt::format(
        "  revenue      {} {} in {} ({} net)\n", amount(base::string_member(money, "gross_revenue")),
        base::string_member(money, "currency"), base::format_counted(count(money, "orders"), "order"),
        amount(base::string_member(money, "net_revenue")));
}

std::string product_line(const json::object& product) {
    return fmt::format("  {:12} {:>14} {:>14} {:>18}\n", base::string_member(product, "product_id"),
                       base::format_counted(count(product, "views"), "view"),
                       base::format_counted(count(product, "carts"), "cart"),
                       base::format_counted(count(product, "purchases"), "purchase"));
}

std::string interest_line(const json::object& product) {
    return fmt::format("  ! {} has {:.0f}% of all views, and fewer than {:.1f}% of them end in a purchase\n",
                       base::string_member(product, "product_id"),
                       100 * base::number_member(product, "share_of_views"),
                       100 * base::number_member(product, "conversion_upper"));
}

/// The last alerts, the newest at the end.
std::string alert_lines(const json::array& alerts) {
    std::string text;
    const std::size_t left_out = alerts.size() - std::min(alerts.size(), shown_alerts);
    if (left_out > 0)
        text += fmt::format("  ! {}, the last {} are below; all: millrace show gold.alerts\n",
                            base::format_counted(static_cast<std::int64_t>(alerts.size()), "alert"),
                            shown_alerts);
    for (std::size_t i = left_out; i < alerts.size(); ++i) {
        const auto& alert = alerts[i].as_object();
        text += fmt::format("  ! alert      {}: {}\n", base::string_member(alert, "rule"),
                            base::string_member(alert, "message"));
    }
    return text;
}

}  // namespace

std::string DaySummary::text() const {
    std::string text = fmt::format("The shop on {}:\n", base::string_member(row_, "day"));
    text += funnel_line(row_);
    for (const auto& each : row_.at("revenue").as_array()) text += revenue_line(each.as_object());
    for (const auto& each : row_.at("top_products").as_array()) text += product_line(each.as_object());
    for (const auto& each : row_.at("high_interest").as_array()) text += interest_line(each.as_object());
    return text + alert_lines(row_.at("alerts").as_array());
}

std::optional<DaySummary> summarize_last_day(const catalog::DataDirectory& data,
                                             const model::ShopSettings& settings,
                                             gold::OpenWindowsChannel& open,
                                             model::AlertSequence alerts_before,
                                             const std::filesystem::path& duckdb) {
    try {
        LiveView live(data, &open, nullptr, nullptr);
        Reports reports(live, serve::DuckDb::find(duckdb, data.root(), data.live()), settings.time_zone, {});
        const auto report =
            base::parse_json(reports.make("summary", {{"after", std::to_string(alerts_before.value())}}),
                             "the summary of the last day");
        return DaySummary(report.at("rows").at(0).as_object());
    } catch (const Error& error) {
        spdlog::warn("run: there is no summary of the last day: {}", error.what());
        return std::nullopt;
    }
}

}  // namespace millrace::api
