#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace millrace::cli {

/// Reads --config as TOML: top-level keys are global options, a table is a command's options.
class TomlConfig : public CLI::Config {
  public:
    std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                          std::string prefix) const override;
    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
};

}  // namespace millrace::cli
