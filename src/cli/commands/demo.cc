#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "bronze/segment_log.h"
#include "cli/alert_config.h"
#include "cli/command.h"
#include "cli/output/browser.h"
#include "cli/output/progress_line.h"
#include "cli/output/terminal.h"
#include "cli/serve_options.h"
#include "demo/demo_shop.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct DemoOptions {
    demo::DemoOptions shop;
    ServeOptions serve;
    bool no_browser = false;
    bool as_json = false;
};

/// Batches are small, so that Gold processes the first ones while the rest of the history is written.
constexpr std::int64_t batch_rows = 60'000;
/// Commits are frequent: the shop has few events, and a commit of few events has few files.
constexpr auto trigger = std::chrono::seconds(2);
/// A shop of this size has too few views in ten minutes to judge a product.
constexpr auto interest_window = std::chrono::hours(1);

/// Shows the progress.
class DemoView {
  public:
    explicit DemoView(const DemoOptions& options) : options_(options) {}

    void set_url(const std::string& url) { url_ = url; }
    void show(const demo::DemoStatus& status) {
        if (!status.live) return show_loading(status);
        if (!is_live_) begin_live(status);
        line_->show(fmt::format("{:.1f} events/s, {} sent, lag {}", status.run.events_per_second,
                                base::format_count(status.sent), base::format_count(status.run.lag)));
    }
    void end() { line_.reset(); }

  private:
    void show_loading(const demo::DemoStatus& status) {
        const auto& run = status.run;
        const std::int64_t done = std::min(status.history, run.silver + run.duplicates + run.quarantined);
        const auto all = static_cast<double>(std::max<std::int64_t>(1, status.history));
        line_->show_bar(static_cast<double>(done) / all,
                        fmt::format("loading the history: {} of {} events", base::format_count(done),
                                    base::format_count(status.history)));
    }
    void begin_live(const demo::DemoStatus& status) {
        is_live_ = true;
        line_.emplace();  // removes the bar
        if (options_.as_json) return;
        fmt::print("loaded {} events of history in {:.1f} s\nthe dashboard is at {}\n",
                   base::format_count(status.history), status.loading_seconds, url_);
        std::fflush(stdout);
        if (!options_.no_browser && has_browser()) open_in_browser(url_);
    }

    const DemoOptions& options_;
    std::optional<ProgressLine> line_{std::in_place};
    std::string url_;
    bool is_live_ = false;
};

/// Alerts appear on the dashboard, and by default not between the lines of this command.
void set_gold_options(const Globals& globals, pipeline::RunOptions& run) {
    run.gold.emplace().alert_rules[gold::AlertRule::high_interest].window = interest_window;
    run.publish.alert_sinks.log.enabled = false;
    read_alert_config(globals.config, run.gold->alert_rules, run.publish.alert_sinks);
}

void print_end(const demo::DemoStatus& status, const std::string& data) {
    if (status.run.gold) fmt::print("{}\n", shown_lines(status.run.gold->text()));
    fmt::print("sent {}{}\n", base::format_counted(status.sent, "event"),
               status.live ? "" : "; the history is not complete yet");
    fmt::print(
        "The shop is stored in {0}. Run the same command to continue it, or `rm -r {0}` to remove it.\n",
        data);
}

json::object to_json(const demo::DemoStatus& status, const std::string& data) {
    return {{"data", data},
            {"history", status.history},
            {"loaded", status.live},
            {"loading_seconds", status.loading_seconds},
            {"sent", status.sent},
            {"seconds", status.run.seconds},
            {"silver", status.run.silver},
            {"duplicates", status.run.duplicates},
            {"quarantined", status.run.quarantined},
            {"gold", status.run.gold ? json::value(status.run.gold->to_json()) : json::value()}};
}

int run_demo(const Globals& globals, const DemoOptions& options) {
    if (!globals.bronze.empty())
        throw usage_error("starting the demo", "the demo has a log of its own", "Omit --bronze.");
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto data = globals.data_directory();
    const demo::DemoShop shop(data, options.shop);
    const auto settings = data.settings();
    data.adopt(settings);
    // One partition is enough for few events, and needs a third of the files.
    bronze::TopicSettings topic;
    topic.name = globals.topic_name();
    topic.partitions = 1;
    const auto log = bronze::SegmentLog::open_or_create(globals.bronze_directory(), topic, {.stop = &stop});
    DemoView view(options);
    pipeline::RunOptions run;
    run.silver.trigger = trigger;
    run.silver.batch_rows = batch_rows;
    set_gold_options(globals, run);
    run.server = options.serve.on_a_free_port();
    run.on_serving = [&](const std::string& url) { view.set_url(url); };
    if (!options.as_json) {
        fmt::print("running a simulated shop in {}; press Ctrl-C to stop\n", data.root().string());
        std::fflush(stdout);
    }
    const auto status = demo::run_demo(data, *log, settings, shop, run, stop,
                                       [&](const demo::DemoStatus& now) { view.show(now); });
    view.end();
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(to_json(status, data.root().string())));
    } else {
        print_end(status, data.root().string());
    }
    return 0;
}

}  // namespace

void add_demo_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<DemoOptions>();
    CLI::App* command =
        app.add_subcommand("demo", "Run a simulated shop with a month of history, live until stopped.");
    const std::string group = "Shop";
    add_number(*command, "--days", options->shop.days, 1, 3650,
               "Length of the history of a new shop, in days.")
        ->group(group);
    add_number(*command, "--events", options->shop.events, 1, 1'000'000'000,
               "Number of events in the history of a new shop.")
        ->group(group);
    const auto is_positive = [](const std::string& text) {
        double rate = 0;
        return CLI::detail::lexical_cast(text, rate) && rate > 0;
    };
    add_value(*command, "--rate", options->shop.rate, "NUMBER",
              "Number of events per second, from one hour before now onwards.")
        ->check(must_be("a number of events per second above 0", is_positive))
        ->group(group);
    add_number(*command, "--seed", options->shop.seed, 0, std::numeric_limits<std::int64_t>::max(),
               "Seed for the random visits. The same seed gives the same visits.")
        ->group(group);
    options->serve.add_to(*command);
    command->add_flag("--no-browser", options->no_browser, "Do not open the dashboard in a browser.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object at the end.");
    const CLI::Option* data = app.get_option("--data");
    command->callback([&globals, options, data] {
        if (data->count() == 0) globals.data = "demo-data";
        globals.action = [&globals, options] { return run_demo(globals, *options); };
    });
}

}  // namespace millrace::cli
