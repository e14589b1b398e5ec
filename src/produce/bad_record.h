#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::produce {

/// The ways in which the simulator spoils a record.
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

/// Whether only an event with a price can be spoilt so.
bool needs_price(Fault fault);

/// A copy of the event `json`, spoilt in the given way.
std::string spoil(std::string_view json, Fault fault);

}  // namespace millrace::produce
