#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/serve_options.h"
#include "cli/sql_options.h"

namespace millrace::cli {

namespace {

constexpr std::size_t shortest_key = 16;

struct Options {
    ServeOptions serve;
    SettingsOptions settings;
};

/// What queries may take, of reports and of those who ask.
void add_sql(CLI::App& command, pipeline::DashboardOptions& dashboard) {
    const std::string group = "SQL";
    for (CLI::Option* option : add_sql_limits(command, "--sql-", dashboard.sql)) option->group(group);
    command
        .add_option("--sql-queries", dashboard.sql_queries, "queries and reports that are worked on at once")
        ->check(CLI::Range(1, 64))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--sql-waiting", dashboard.sql_waiting,
                    "queries and reports that may wait for their turn; more are answered with 503")
        ->check(CLI::Range(0, 10'000))
        ->capture_default_str()
        ->group(group);
}

int serve(const Globals& globals, const Options& options) {
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    data.adopt(settings);
    const auto log = globals.open_or_create_intake_log(stop);
    const base::File root(data.root(), base::File::Mode::read);
    const pipeline::Server server(data, *log, settings, options.serve.checked());
    fmt::print("millrace serves {}; Ctrl-C ends it cleanly\n", server.url());
    std::fflush(stdout);
    while (!stop.wait_for(std::chrono::seconds(1))) root.check_in_place();
    return 0;
}

}  // namespace

void ServeOptions::add_to(CLI::App& command) {
    const std::string group = "HTTP";
    command
        .add_option("--host", server.http.address,
                    "the address to listen on; others than this machine's own "
                    "need a write key")
        ->capture_default_str()
        ->group(group);
    port = command.add_option("--port", server.http.port, "the port; 0 takes any that is free")
               ->capture_default_str()
               ->group(group);
    command
        .add_option("--write-key", write_keys,
                    "a key that may write events, as SOURCE=KEY (several times); with none, all may")
        ->group(group);
    add_duration(command, "--freshness", server.freshness,
                 "/readyz says no when records wait longer than this in the log (run)")
        ->group(group);
    command
        .add_option("--key-limit", server.collect.most_per_key,
                    "events a second that one write key may send, with a reserve of ten seconds; 0: no limit")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    command.add_option("--address-limit", server.collect.most_per_address, "likewise, one client's address")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    command
        .add_option(
            "--trusted-proxy", server.http.trusted_proxies,
            "the address of a reverse proxy, whose X-Forwarded-For tells the client's (several times)")
        ->check(CLI::Validator(
            [](const std::string& text) {
                boost::system::error_code none;
                boost::asio::ip::make_address(text, none);
                return none ? text + " is no IP address" : std::string();
            },
            "ADDRESS"))
        ->group(group);
    command
        .add_option("--pages", server.dashboard.pages,
                    "the folder of the dashboard's pages (default: ../share/millrace/web beside the program, "
                    "or those that it was built with)")
        ->group(group);
    command
        .add_option("--duckdb", server.dashboard.duckdb,
                    "DuckDB's command-line program, for reports and SQL (default: the set-up's)")
        ->group(group);
    command
        .add_option("--origin", server.collect.origins,
                    "a page's origin that may send from a browser (several times); * stands for all")
        ->capture_default_str()
        ->group(group);
    add_sql(command, server.dashboard);
}

pipeline::ServerOptions ServeOptions::checked() const {
    server.dashboard.validate();
    pipeline::ServerOptions made = server;
    for (const std::string& pair : write_keys) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0 || pair.size() - equals - 1 < shortest_key)
            throw usage_error(
                "reading --write-key",
                fmt::format("one isn't SOURCE=KEY with a key of at least {} characters", shortest_key),
                "Make one with `openssl rand -hex 16`.");
        made.collect.write_keys[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    return made;
}

bool ServeOptions::is_port_free() const {
    return port->count() > 0 || serve::is_free(server.http.address, server.http.port);
}

pipeline::ServerOptions ServeOptions::on_a_free_port() const {
    auto made = checked();
    if (!is_port_free()) made.http.port = 0;
    return made;
}

std::optional<pipeline::ServerOptions> ServeOptions::free_or_nothing() const {
    auto made = checked();
    if (is_port_free()) return made;
    spdlog::warn(
        "http: port {} is taken by another program, so this run serves nothing: it takes in no events over "
        "HTTP, and has no dashboard, no SQL and no metrics. End the other program, or choose another port "
        "with --port",
        made.http.port);
    return std::nullopt;
}

void add_serve_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("serve", "the HTTP port: takes events in, and tells how it goes");
    options->serve.add_to(*command);
    options->settings.add_to(*command);
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return serve(globals, *options); }; });
}

}  // namespace millrace::cli
