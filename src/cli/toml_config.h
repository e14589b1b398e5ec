#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace millrace::cli {

/// Reads --config as TOML: top-level keys set options of the program, and a table sets options of a command.
/// Throws a usage Error that names the line of an unknown option or command. Options of commands that do not
/// run are ignored, and so are options that are set in the environment, which takes precedence over the file.
class TomlConfig : public CLI::Config {
  public:
    /// `program` is the command line of the program. It must outlive this object.
    explicit TomlConfig(const CLI::App& program) : program_(program) {}

    std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                          std::string prefix) const override;
    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

  private:
    const CLI::App& program_;
};

}  // namespace millrace::cli
