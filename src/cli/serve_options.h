#pragma once

#include <optional>

#include "api/server.h"
#include "cli/command.h"

namespace millrace::cli {

/// Where to listen, and who may write.
struct ServeOptions {
    api::ServerOptions server;
    std::vector<std::string> write_keys;  ///< as SOURCE=KEY
    CLI::Option* port = nullptr;

    void add_to(CLI::App& command);
    /// The options with the keys in them. Throws a usage Error for one that isn't SOURCE=KEY.
    [[nodiscard]] api::ServerOptions checked() const;
    /// The same; nothing, with a warning that says what is missing then, when nobody asked for a port and the
    /// usual one is taken.
    [[nodiscard]] std::optional<api::ServerOptions> free_or_nothing() const;
    /// The same; any free port when nobody asked for one and the usual one is taken.
    [[nodiscard]] api::ServerOptions on_a_free_port() const;

  private:
    [[nodiscard]] bool is_port_free() const;
};

}  // namespace millrace::cli
