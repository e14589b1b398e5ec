#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::produce {

/// The ways in which the simulator corrupts a record.
enum class Fault : std::uint8_t {
    missing_user,
    bad_price,
    bad_timestamp,
    cut_json,
    not_utf8,
    wrong_type,
    count_
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::count_);

std::string_view fault_name(Fault fault);

/// Returns whether the fault requires an event with a price.
bool needs_price(Fault fault);

/// Returns a copy of the event `json` with the given fault.
std::string corrupt(std::string_view json, Fault fault);

}  // namespace millrace::produce
