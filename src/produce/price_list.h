#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace millrace::produce {

/// The prices of products, for files that have none.
class PriceList {
  public:
    PriceList() = default;
    /// Reads a CSV file with the columns product_id and price. Throws a usage Error that names the line which
    /// is no product and number.
    explicit PriceList(const std::filesystem::path& file);

    /// Returns the price as JSON, or nullopt for an unknown product.
    [[nodiscard]] std::optional<std::string_view> find(const std::string& product) const;

  private:
    std::unordered_map<std::string, std::string> prices_;
};

}  // namespace millrace::produce
