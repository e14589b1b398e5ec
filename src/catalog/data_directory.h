#pragma once

#include <filesystem>
#include <string>

#include "model/shop_settings.h"

namespace millrace::catalog {

/// The settings as one line of JSON, as they are stored.
[[nodiscard]] std::string settings_text(const model::ShopSettings& settings);

/// One data directory is one shop: where everything lies, and the settings it was made with.
class DataDirectory {
  public:
    explicit DataDirectory(std::filesystem::path root) : root_(std::move(root)) {}

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] std::filesystem::path bronze() const { return root_ / "bronze"; }
    [[nodiscard]] std::filesystem::path silver() const { return root_ / "silver"; }
    [[nodiscard]] std::filesystem::path quarantine() const { return root_ / "quarantine"; }
    [[nodiscard]] std::filesystem::path archive() const { return root_ / "archive"; }
    [[nodiscard]] std::filesystem::path gold() const { return root_ / "gold"; }
    /// Gold's state, as of the last time that it was kept.
    [[nodiscard]] std::filesystem::path gold_state() const { return gold() / "state.bin"; }
    /// What is open in Gold, for queries while it runs; gone afterwards.
    [[nodiscard]] std::filesystem::path live() const { return root_ / "live"; }
    /// Who may look (serve/access.h).
    [[nodiscard]] std::filesystem::path access() const { return root_ / "access.json"; }
    [[nodiscard]] std::filesystem::path progress() const { return root_ / "progress"; }

    [[nodiscard]] bool has_settings() const { return std::filesystem::exists(settings_path()); }
    /// The stored settings, or the defaults when there are none yet. Throws an Error for a newer format.
    [[nodiscard]] model::ShopSettings settings() const;
    /// Stores `settings`. With settings stored already and tables made by them, a different value is refused
    /// with a usage Error that names the command that rebuilds.
    void adopt(const model::ShopSettings& settings) const;
    /// Stores `settings`, which may differ from the stored ones in what Gold alone depends on: the caller
    /// builds it anew. Another difference is refused as by adopt().
    void adopt_gold(const model::ShopSettings& settings) const;
    /// Stores `settings` in any case; the caller has rebuilt the tables.
    void store(const model::ShopSettings& settings) const;
    /// Throws a usage Error when a setting makes no sense.
    static void validate(const model::ShopSettings& settings);

    /// Marks, durably, that the tables are being put in place by a rebuild: two commits and the settings,
    /// which a crash could part. adopt() refuses while the mark stands, and the next rebuild takes it away.
    void begin_rebuild() const;
    void end_rebuild() const;
    /// Throws an Error when a rebuild was interrupted.
    void check_not_rebuilding() const;

  private:
    [[nodiscard]] std::filesystem::path settings_path() const { return root_ / "millrace.json"; }
    [[nodiscard]] std::filesystem::path rebuild_mark() const { return root_ / "rebuild.unfinished"; }

    std::filesystem::path root_;
};

}  // namespace millrace::catalog
