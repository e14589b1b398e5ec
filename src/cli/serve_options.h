#pragma once

#include <optional>

#include "api/server.h"
#include "cli/command.h"

namespace millrace::cli {

/// The options of the HTTP server.
struct ServeOptions {
    api::ServerOptions server;
    std::vector<std::string> write_keys;  ///< as SOURCE=KEY
    CLI::Option* port = nullptr;

    void add_to(CLI::App& command);
    /// The options, including the write keys. Throws a usage Error for a key that is not SOURCE=KEY.
    [[nodiscard]] api::ServerOptions checked() const;
    /// Like checked(). If --port is not given and the default port is in use, returns nothing and warns that
    /// there is no HTTP server.
    [[nodiscard]] std::optional<api::ServerOptions> free_or_nothing() const;
    /// Like checked(). If --port is not given and the default port is in use, picks any free port.
    [[nodiscard]] api::ServerOptions on_a_free_port() const;

  private:
    [[nodiscard]] bool is_port_free() const;
};

}  // namespace millrace::cli
