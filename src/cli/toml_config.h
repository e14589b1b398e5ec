#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace millrace::cli {

/// Reads --config as TOML: top-level keys are global options, a table is a command's options. Throws a usage
/// Error that names the line of an option or command that there isn't. Options of commands that aren't run
/// are left alone, and so are those that stand in the environment, which wins over the file.
class TomlConfig : public CLI::Config {
  public:
    /// Of the program's command line, which must outlive it.
    explicit TomlConfig(const CLI::App& program) : program_(program) {}

    std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                          std::string prefix) const override;
    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

  private:
    const CLI::App& program_;
};

}  // namespace millrace::cli
