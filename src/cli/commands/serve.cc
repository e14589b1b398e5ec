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

constexpr std::size_t min_key_length = 16;

struct ServeFlags {
    ServeOptions serve;
    SettingsOptions settings;
};

/// Adds the limits of queries and reports.
void add_sql(CLI::App& command, api::DashboardOptions& dashboard) {
    const std::string group = "SQL";
    for (CLI::Option* option : add_sql_limits(command, "--sql-", dashboard.sql)) option->group(group);
    add_number(command, "--sql-queries", dashboard.sql_queries, 1, 64,
               "Number of queries and reports that run at once.")
        ->group(group);
    add_number(command, "--sql-waiting", dashboard.sql_waiting, 0, 10'000,
               "Maximum number of waiting queries and reports. Further ones are answered with 503.")
        ->group(group);
}

int serve(const Globals& globals, const ServeFlags& options) {
    base::StopSignal stop;
    const base::SignalGuard guard(stop);
    const auto data = globals.data_directory();
    const auto settings = options.settings.over(data.settings());
    data.adopt(settings);
    const auto log = globals.open_or_create_intake_log(stop);
    const base::File root(data.root(), base::File::Mode::read);
    const api::Server server(data, *log, settings, options.serve.checked());
    fmt::print("serving {}; press Ctrl-C to stop\n", server.url());
    std::fflush(stdout);
    while (!stop.wait_for(std::chrono::seconds(1))) root.check_in_place();
    return 0;
}

}  // namespace

namespace {

CLI::Validator must_be_rate() {
    return must_be("a number of events per second, 0 or more", [](const std::string& text) {
        double rate = 0;
        return CLI::detail::lexical_cast(text, rate) && rate >= 0;
    });
}

}  // namespace

void ServeOptions::add_to(CLI::App& command) {
    const std::string group = "HTTP";
    const auto is_address = [](const std::string& text) {
        boost::system::error_code none;
        boost::asio::ip::make_address(text, none);
        return !none;
    };
    add_value(command, "--host", server.http.address, "ADDRESS",
              "Address to listen on. An address that other machines can reach requires a --write-key and a "
              "name on the access list (millrace access add).")
        ->group(group);
    port =
        add_number(command, "--port", server.http.port, 0, 65535, "Port to listen on. 0 picks any free port.")
            ->group(group);
    add_values(command, "--write-key", write_keys, "SOURCE=KEY",
               "Key that permits sending events, and the name of their source. Can be repeated. Without a "
               "key, anyone can send events.")
        ->group(group);
    add_duration(
        command, "--freshness", server.freshness,
        "Make run report on /readyz that it is not ready while records wait longer than this in the log.")
        ->group(group);
    add_value(command, "--key-limit", server.collect.max_per_key, "NUMBER",
              "Maximum number of events per second from one write key. Bursts of up to ten times this number "
              "are accepted. 0 sets no limit.")
        ->check(must_be_rate())
        ->group(group);
    add_value(command, "--address-limit", server.collect.max_per_address, "NUMBER",
              "Maximum number of events per second from one client address. Bursts of up to ten times this "
              "number are accepted. 0 sets no limit.")
        ->check(must_be_rate())
        ->group(group);
    add_values(
        command, "--trusted-proxy", server.http.trusted_proxies, "ADDRESS",
        "Reverse proxy whose X-Forwarded-For header is trusted for the client's address. Can be repeated.")
        ->check(must_be("an IP address", is_address))
        ->group(group);
    add_value(command, "--pages", server.dashboard.pages, "DIR",
              "Folder of the dashboard's pages. (default: ../share/millrace/web relative to the program's "
              "folder, or else the folder set at build time)")
        ->group(group);
    add_value(command, "--duckdb", server.dashboard.duckdb, "FILE",
              "DuckDB's command-line program, which runs reports and SQL. (default: the one found at build "
              "time, or else duckdb on the PATH)")
        ->group(group);
    add_values(command, "--origin", server.collect.origins, "ORIGIN",
               "Origin whose pages may send events from a browser. Can be repeated. * permits all origins.")
        ->default_str("*")
        ->group(group);
    add_sql(command, server.dashboard);
}

api::ServerOptions ServeOptions::checked() const {
    server.dashboard.validate();
    api::ServerOptions made = server;
    for (const std::string& pair : write_keys) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0 || pair.size() - equals - 1 < min_key_length)
            // The message leaves out the key, which is a secret.
            throw usage_error(
                fmt::format("--write-key must have the form SOURCE=KEY, with a key of at least {} "
                            "characters; generate one with: openssl rand -hex 16",
                            min_key_length));
        made.collect.write_keys[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    return made;
}

bool ServeOptions::is_port_free() const {
    return port->count() > 0 || serve::is_free(server.http.address, server.http.port);
}

api::ServerOptions ServeOptions::on_a_free_port() const {
    auto made = checked();
    if (!is_port_free()) made.http.port = 0;
    return made;
}

std::optional<api::ServerOptions> ServeOptions::free_or_nothing() const {
    auto made = checked();
    if (is_port_free()) return made;
    spdlog::warn(
        "http: port {} is in use by another program, so this run has no HTTP server: no event intake, no "
        "dashboard, no SQL and no metrics. Stop the other program, or choose another port with --port",
        made.http.port);
    return std::nullopt;
}

void add_serve_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<ServeFlags>();
    CLI::App* command =
        app.add_subcommand("serve", "Run the HTTP server: event intake, dashboard and metrics.");
    options->serve.add_to(*command);
    options->settings.add_to(*command);
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return serve(globals, *options); }; });
}

}  // namespace millrace::cli
