#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "model/shop_settings.h"

namespace millrace::catalog {

/// Returns the settings as one line of JSON, the form in which they are stored.
[[nodiscard]] std::string settings_text(const model::ShopSettings& settings);
/// Parses them. `doing` is what an Error says was being done: it is thrown for text that is not JSON, and for
/// settings of a newer format.
[[nodiscard]] model::ShopSettings parse_settings(std::string_view text, const std::string& doing);

/// The data directory of one shop: the paths in it and the shop's settings. Not thread-safe for writing.
class DataDirectory {
  public:
    explicit DataDirectory(std::filesystem::path root) : root_(std::move(root)) {}

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] std::filesystem::path bronze() const { return root_ / "bronze"; }
    [[nodiscard]] std::filesystem::path silver() const { return root_ / "silver"; }
    [[nodiscard]] std::filesystem::path quarantine() const { return root_ / "quarantine"; }
    [[nodiscard]] std::filesystem::path archive() const { return root_ / "archive"; }
    [[nodiscard]] std::filesystem::path gold() const { return root_ / "gold"; }
    /// Gold's state as it was last saved.
    [[nodiscard]] std::filesystem::path gold_state() const { return gold() / "state.bin"; }
    /// The open windows of Gold, for queries. Exists only while Gold runs.
    [[nodiscard]] std::filesystem::path live() const { return root_ / "live"; }
    /// The access list of the dashboard (serve/access.h).
    [[nodiscard]] std::filesystem::path access() const { return root_ / "access.json"; }
    [[nodiscard]] std::filesystem::path progress() const { return root_ / "progress"; }

    [[nodiscard]] bool has_settings() const { return std::filesystem::exists(settings_path()); }
    /// Returns the stored settings, or the defaults if none are stored yet. Throws Error if the file is
    /// invalid or has a newer format.
    [[nodiscard]] model::ShopSettings settings() const;
    /// Stores `settings` if none are stored yet. If other settings are stored, throws a usage Error that
    /// names the command which rebuilds the tables with the new value.
    void adopt(const model::ShopSettings& settings) const;
    /// Stores `settings`. They may differ from the stored ones in settings that only Gold depends on, since
    /// the caller rebuilds Gold. Any other difference is refused in the same way as by adopt().
    void adopt_gold(const model::ShopSettings& settings) const;
    /// Stores `settings` without a check. The caller has rebuilt the tables.
    void store(const model::ShopSettings& settings) const;
    /// Throws a usage Error if a setting is invalid.
    static void validate(const model::ShopSettings& settings);

    /// Writes a durable mark that a rebuild is replacing the tables. A rebuild makes two commits and stores
    /// the settings, and a crash could come in between. adopt() refuses while the mark exists. The next
    /// rebuild removes it.
    void begin_rebuild() const;
    /// Removes the mark.
    void end_rebuild() const;
    /// Throws Error if a rebuild was interrupted.
    void check_not_rebuilding() const;

  private:
    [[nodiscard]] std::filesystem::path settings_path() const { return root_ / "millrace.json"; }
    [[nodiscard]] std::filesystem::path rebuild_mark() const { return root_ / "rebuild.unfinished"; }

    std::filesystem::path root_;
};

}  // namespace millrace::catalog
