#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/log.h"
#include "base/open_files.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/toml_config.h"

namespace {

using millrace::cli::Globals;

void add_globals(CLI::App& app, Globals& globals) {
    app.add_option("--data", globals.data, "the data directory: one is one shop")->capture_default_str();
    app.set_config("--config", "", "options from a TOML file; flags win")->type_name("FILE.toml");
    app.config_formatter(std::make_shared<millrace::cli::TomlConfig>());
    app.add_option("--log", globals.log_format, "form of the log on stderr: text or json")
        ->capture_default_str();
    app.add_option("--bronze", globals.bronze,
                   "the event log: file:FOLDER (default: DATA/bronze), or kafka://HOST:PORT[,…]/TOPIC");
    app.add_option("--kafka", globals.kafka, "KEY=VALUE: a property of the Kafka client (librdkafka's names)")
        ->allow_extra_args(false);
    app.add_option("--topic", globals.topic, "the log's topic")->capture_default_str();
    app.set_version_flag("--version", std::string("millrace ") + MILLRACE_VERSION);
}

void add_commands(CLI::App& app, Globals& globals) {
    using namespace millrace::cli;
    for (const AddCommand add :
         {add_demo_command,        add_load_command,     add_run_command,    add_produce_command,
          add_import_command,      add_silver_command,   add_gold_command,   add_serve_command,
          add_archive_command,     add_verify_command,   add_topic_command,  add_group_command,
          add_access_command,      add_sql_command,      add_show_command,   add_count_command,
          add_quarantine_command,  add_optimize_command, add_vacuum_command, add_replay_command,
          add_completions_command, add_man_command}) {
        add(app, globals);
    }
    app.require_subcommand(1);
    name_in_environment(app);
}

int run(int argc, char** argv) {
    CLI::App app("Millrace: shop events in; a clean, deduplicated, open table out, exactly once.",
                 "millrace");
    Globals globals;
    add_globals(app, globals);
    add_commands(app, globals);
    millrace::cli::accept_old_names(app, argc, argv);
    try {
        app.parse(argc, argv);
    } catch (const CLI::RequiredError& error) {
        const auto unknown = app.remaining();
        if (unknown.empty()) return app.exit(error) == 0 ? 0 : 2;
        throw millrace::usage_error(fmt::format("reading the command \"{}\"", unknown.front()),
                                    "there is none of this name", "See: millrace --help");
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (app.get_config_ptr()->count() > 0) globals.config = app.get_config_ptr()->as<std::string>();
    millrace::base::start_log(globals.log_format, false);
    return globals.action();
}

}  // namespace

int main(int argc, char** argv) {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2")) {
        std::fputs(
            "millrace: this build needs a processor with AVX2; rebuild with -DMILLRACE_ARCH=westmere\n",
            stderr);
        return 3;
    }
#endif
    millrace::base::raise_max_open_files();
    try {
        return run(argc, argv);
    } catch (const millrace::Error& error) {
        millrace::base::tell(fmt::format("millrace: {}\n", error.what()));
        return error.exit_code();
    } catch (const std::bad_alloc&) {
        millrace::base::tell(
            "millrace: there is no more memory. Give it some, or lower --dedupe-memory and --batch-rows.\n");
        return 3;
    } catch (const std::exception& error) {
        millrace::base::tell(fmt::format("millrace: unexpected: {}\n", error.what()));
        return 3;
    }
}
