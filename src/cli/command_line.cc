#include "cli/command_line.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "base/log.h"
#include "cli/environment.h"
#include "cli/help.h"
#include "cli/option.h"
#include "cli/toml_config.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

/// CLI11 reads --config before the environment, so the file that MILLRACE_CONFIG names is its default.
void add_config(CLI::App& app) {
    const char* file = std::getenv("MILLRACE_CONFIG");
    const std::string default_file = file == nullptr ? "" : file;
    app.set_config("--config", default_file,
                   "TOML file to read options from. The command line takes precedence over the environment, "
                   "and the environment over the file.",
                   !default_file.empty())
        ->type_name("FILE");
    app.config_formatter(std::make_shared<TomlConfig>(app));
}

void add_globals(CLI::App& app, Globals& globals) {
    app.set_help_flag("-h,--help", "Print this help and exit.");
    add_value(app, "--data", globals.data, "DIR", "Data directory, which holds one shop.");
    add_config(app);
    add_choice(app, "--log", globals.log_format, {"text", "json"}, "Format of the log lines on stderr.");
    add_value(app, "--bronze", globals.bronze, "LOG",
              "Event log: file:FOLDER, or kafka://HOST:PORT[,HOST:PORT]/TOPIC. (default: the folder bronze "
              "in the data directory)");
    add_values(app, "--kafka", globals.kafka, "KEY=VALUE",
               "Property of the Kafka client, by its librdkafka name. Can be repeated.");
    add_value(app, "--topic", globals.topic, "NAME", "Topic of the event log.");
    app.set_version_flag("--version", std::string("millrace ") + MILLRACE_VERSION,
                         "Print the version and exit.");
}

void add_commands(CLI::App& app, Globals& globals) {
    for (const AddCommand add :
         {add_demo_command,        add_load_command,       add_run_command,        add_produce_command,
          add_import_command,      add_silver_command,     add_gold_command,       add_serve_command,
          add_archive_command,     add_verify_command,     add_freshness_command,  add_topic_command,
          add_group_command,       add_access_command,     add_sql_command,        add_show_command,
          add_count_command,       add_quarantine_command, add_identities_command, add_optimize_command,
          add_vacuum_command,      add_replay_command,     add_backup_command,     add_restore_command,
          add_completions_command, add_man_command,        add_help_command}) {
        add(app, globals);
    }
    app.require_subcommand(1);
}

/// Prints the text that --help or --version requests.
int print_answer(const CLI::App& program, const CLI::Success& request) {
    if (request.get_name() == "CallForVersion") {
        fmt::print("{}\n", request.what());
    } else {
        fmt::print("{}", help_text(*chosen_commands(program).back()));
    }
    return 0;
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line(Globals& globals) {
    auto app = std::make_unique<CLI::App>(
        "Process a shop's events exactly once, into clean Delta tables, live metrics and alerts.",
        "millrace");
    add_globals(*app, globals);
    add_commands(*app, globals);
    read_environment(*app);
    return app;
}

int run(int argc, const char* const* argv) {
    Globals globals;
    const auto program = make_command_line(globals);
    try {
        program->parse(argc, argv);
    } catch (const CLI::Success& request) {
        return print_answer(*program, request);
    } catch (const CLI::ParseError& error) {
        const auto* incomplete = incomplete_command(*program);
        if (incomplete == nullptr || error.get_name() != "RequiredError")
            throw usage_error_of(*program, error);
        base::tell(short_help(*incomplete));
        return static_cast<int>(Error::Kind::usage);
    } catch (const Error&) {
        if (const auto unknown = unknown_word(*program)) throw *unknown;
        throw;
    }
    warn_of_old_variables(*program);
    if (program->get_config_ptr()->count() > 0) globals.config = program->get_config_ptr()->as<std::string>();
    base::start_log(globals.log_format, false);
    return globals.action();
}

}  // namespace millrace::cli
