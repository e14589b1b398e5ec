#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "produce/random.h"

namespace millrace::produce {

inline constexpr std::size_t category_count = 8;

/// The name of a category, such as "electronics".
std::string_view category_name(std::size_t category);

/// A product of the made-up shop. All of it follows from the number, so that names and prices are the same in
/// every run.
struct Product {
    std::uint32_t number = 0;  ///< prod_0001 is 1
    std::size_t category = 0;
    std::string_view adjective;  ///< the name's first word
    std::string_view noun;       ///< and the rest of it
    std::int64_t cents = 0;      ///< the price, in hundredths of the shop's currency
};

/// The product of a number, from 1 on.
Product product(std::uint32_t number);

/// What visitors look for among the products: some categories and some products are more popular than others.
/// The hot product is never chosen while there is another; the shop decides when it is looked at.
class Catalogue {
  public:
    /// `products` is at least 1.
    explicit Catalogue(std::uint32_t products);

    /// prod_0042, or the last one of a smaller catalogue.
    [[nodiscard]] std::uint32_t hot_product() const { return hot_product_; }
    [[nodiscard]] static std::size_t any_category(Random& random);
    [[nodiscard]] std::uint32_t any_product(Random& random) const;
    /// One of the category, or any product where the catalogue is too small to have the category.
    [[nodiscard]] std::uint32_t any_product_of(std::size_t category, Random& random) const;

  private:
    [[nodiscard]] std::uint32_t popular_index(Random& random) const;
    [[nodiscard]] std::uint32_t unless_hot(std::uint32_t number) const;

    std::uint32_t products_;
    std::uint32_t hot_product_;
};

}  // namespace millrace::produce
