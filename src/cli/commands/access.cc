#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "base/random_id.h"
#include "cli/command.h"
#include "cli/output/text_table.h"
#include "serve/access.h"

namespace millrace::cli {

namespace {

constexpr std::size_t min_password_length = 10;

struct AccessOptions {
    std::string name;
    std::string role = "read";
    bool token = false;
    bool as_json = false;
};

/// Reads a line from stdin. A terminal does not show it.
std::string read_secret(const char* prompt) {
    const bool terminal = ::isatty(STDIN_FILENO) != 0;
    ::termios before{};
    if (terminal) {
        fmt::print(stderr, "{}: ", prompt);
        ::tcgetattr(STDIN_FILENO, &before);
        ::termios hidden = before;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
    }
    std::string secret;
    std::getline(std::cin, secret);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
        fmt::print(stderr, "\n");
    }
    return secret;
}

/// Reads the password. At a terminal, the user cannot see the password, and types it twice.
std::string read_password() {
    std::string password = read_secret("Password");
    if (::isatty(STDIN_FILENO) != 0 && read_secret("Repeat the password") != password)
        throw usage_error("the two passwords differ; nothing was changed");
    return password;
}

int add(const Globals& globals, const AccessOptions& options) {
    const std::string doing = fmt::format("adding {}", options.name);
    if (options.name.empty() || options.name.find_first_of(":\r\n") != std::string::npos)
        throw usage_error(doing, "a name must have at least one character, and no colon or line break");
    const std::string secret = options.token ? base::random_id() + base::random_id() : read_password();
    if (secret.size() < min_password_length)
        throw usage_error(doing,
                          fmt::format("the password must have at least {} characters", min_password_length));
    const auto file = globals.data_directory().access();
    auto list = serve::AccessList::load(file);
    list.put(options.name, options.role == "admin" ? serve::Role::admin : serve::Role::read, secret);
    list.save(file);
    if (options.token) fmt::print("{}:{}\n", options.name, secret);
    fmt::print(stderr, "{} has the role {} from the next start of serve or run\n", options.name,
               options.role);
    return 0;
}

int list(const Globals& globals, const AccessOptions& options) {
    TextTable table({"name", "role"});
    const auto known = serve::AccessList::load(globals.data_directory().access());
    for (const auto& entry : known.entries())
        table.add_row({entry.name, std::string(serve::role_name(entry.role))});
    print_table(table, options.as_json);
    return 0;
}

int remove(const Globals& globals, const AccessOptions& options) {
    const auto file = globals.data_directory().access();
    auto list = serve::AccessList::load(file);
    if (!list.remove(options.name))
        throw usage_error(fmt::format("removing {}", options.name), "there is no such name");
    list.save(file);
    return 0;
}

}  // namespace

void add_access_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<AccessOptions>();
    CLI::App* access =
        app.add_subcommand("access", "Manage the access list: who may use the dashboard, and in which role.");
    access->require_subcommand(1);
    CLI::App* add_one = access->add_subcommand(
        "add", "Add a name, with a password from standard input or with a generated token.");
    add_value(*add_one, "name", options->name, "NAME", "Name to add.")->required();
    add_choice(
        *add_one, "--role", options->role, {"read", "admin"},
        "Role of the name: read may see everything; admin may also replay records and silence alerts.");
    add_one->add_flag("--token", options->token,
                      "Generate a token, for use by a program, and print it as NAME:SECRET.");
    CLI::App* list_all = access->add_subcommand("list", "List the names and their roles.");
    list_all->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    CLI::App* remove_one = access->add_subcommand("remove", "Remove a name.");
    add_value(*remove_one, "name", options->name, "NAME", "Name to remove.")->required();
    const auto run = [&globals, options](int (*action)(const Globals&, const AccessOptions&)) {
        return [&globals, options, action] {
            globals.action = [&globals, options, action] { return action(globals, *options); };
        };
    };
    add_one->callback(run(add));
    list_all->callback(run(list));
    remove_one->callback(run(remove));
}

}  // namespace millrace::cli
