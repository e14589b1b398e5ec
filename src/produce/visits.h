#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/timestamp.h"
#include "produce/visitors.h"

namespace millrace::produce {

/// The next step of a visit.
enum class Step : std::uint8_t { land, browse, add_to_cart, purchase, leave };

struct CartLine {
    std::uint32_t product = 0;
    int quantity = 1;
};

/// A current visit.
struct Visit {
    static constexpr std::size_t max_lines = 6;

    std::int64_t session = 0;
    std::int64_t order = 0;  ///< 0 if the visit has no order yet
    const Source* source = nullptr;
    const Device* device = nullptr;
    std::uint32_t user = 0;     ///< user_0001 is 1
    std::uint32_t product = 0;  ///< product that was viewed last, or 0
    std::size_t category = 0;   ///< category that the visitor is interested in
    int steps_left = 0;         ///< number of pages still to view
    Step next = Step::land;
    bool buys = false;       ///< whether the visitor buys the content of the cart
    std::size_t lines = 0;   ///< number of lines in the cart
    std::size_t bought = 0;  ///< number of lines that were bought
    std::array<CartLine, max_lines> cart{};

    [[nodiscard]] bool has_in_cart(std::uint32_t wanted) const;
};

/// The current visits, up to a fixed number, ordered by the time of their next step.
class Visits {
  public:
    explicit Visits(std::size_t max_visits) : max_visits_(max_visits) {}

    [[nodiscard]] bool empty() const { return due_.empty(); }
    [[nodiscard]] bool full() const { return due_.size() >= max_visits_; }
    [[nodiscard]] std::size_t size() const { return due_.size(); }
    /// Returns the time of the earliest next step. Must not be called while empty().
    [[nodiscard]] model::Timestamp next_due() const { return due_.front().time; }
    /// Removes and returns the visit with the earliest next step.
    Visit take_next();
    /// Adds a visit. Must not be called while full().
    void put(const Visit& visit, model::Timestamp due);

  private:
    struct Due {
        model::Timestamp time;
        std::uint32_t slot = 0;

        /// Orders a heap with the earliest time in front. Slots decide between equal times, so that the seed
        /// determines the order.
        [[nodiscard]] bool is_after(const Due& other) const {
            return time != other.time ? time > other.time : slot > other.slot;
        }
    };

    std::size_t max_visits_;
    std::vector<Due> due_;  // a heap
    std::vector<Visit> slots_;
    std::vector<std::uint32_t> free_slots_;
};

}  // namespace millrace::produce
