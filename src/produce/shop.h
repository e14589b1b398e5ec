#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/timestamp.h"
#include "produce/random.h"

namespace millrace::produce {

struct Product {
    std::string id;  ///< prod_0001…
    std::string category;
    std::string price;  ///< as JSON writes it
    std::string page_url;
};

enum class Action : std::uint8_t { view, add_to_cart, purchase };

/// What a visitor of the shop did.
struct ShopAction {
    const std::string* user_id;
    const std::string* session_id;
    const char* device;
    const Product* product;
    Action action;
    int quantity;
};

/// A made-up shop with its visitors. They come for visits, view products, put some of what they viewed into
/// their cart and buy some of that. One product in it, prod_0042, is looked at by everyone and bought by
/// hardly anyone.
class Shop {
  public:
    Shop(int users, int products, std::uint64_t seed);

    /// The next action, at `time`. `number` tells visits apart: a new one is named after it.
    ShopAction act(model::Timestamp time, std::int64_t number);

  private:
    struct Visitor {
        std::string id;
        std::string session_id;
        const char* device = "";
        model::Timestamp last_seen = 0;
        const Product* viewed = nullptr;
        std::vector<const Product*> cart;
    };

    void begin_visit_if_due(Visitor& visitor, model::Timestamp time, std::int64_t number);
    Action act_on_hot_product();
    std::pair<Action, const Product*> browse(Visitor& visitor);
    const Product* any_product();

    Random random_;
    std::vector<Product> products_;
    std::vector<Visitor> visitors_;
    std::size_t hot_product_;
};

}  // namespace millrace::produce
