#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "produce/random.h"

namespace millrace::produce {

inline constexpr std::size_t category_count = 8;

/// Returns the name of a category, such as "electronics".
std::string_view category_name(std::size_t category);

/// A product of the simulated shop. All fields depend only on the number, so names and prices are the same in
/// every run.
struct Product {
    std::uint32_t number = 0;  ///< prod_0001 is 1
    std::size_t category = 0;
    std::string_view adjective;  ///< first word of the name
    std::string_view noun;       ///< rest of the name
    std::int64_t cents = 0;      ///< price in hundredths of the shop's currency
};

/// Returns the product with a number, starting at 1.
Product product(std::uint32_t number);

/// Chooses the products that visitors view. Some categories and products are more popular than others. It
/// never chooses the hot product while there is another product: the shop decides when the hot product is
/// viewed.
class Catalogue {
  public:
    /// `products` must be at least 1.
    explicit Catalogue(std::uint32_t products);

    /// Returns the number of prod_0042, or of the last product in a smaller catalogue.
    [[nodiscard]] std::uint32_t hot_product() const { return hot_product_; }
    [[nodiscard]] static std::size_t any_category(Random& random);
    [[nodiscard]] std::uint32_t any_product(Random& random) const;
    /// Returns a product of the category, or any product if the catalogue is too small to have the category.
    [[nodiscard]] std::uint32_t any_product_of(std::size_t category, Random& random) const;

  private:
    [[nodiscard]] std::uint32_t popular_index(Random& random) const;
    [[nodiscard]] std::uint32_t unless_hot(std::uint32_t number) const;

    std::uint32_t products_;
    std::uint32_t hot_product_;
};

}  // namespace millrace::produce
