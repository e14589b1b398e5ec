#pragma once

#include "base/ordinal.h"

namespace millrace::storage {

/// The version of a Delta table: the number of its last commit, from 0.
using Version = base::Ordinal<struct VersionTag>;
/// Comes before every version of a table: nothing of the table is known or taken in yet.
inline constexpr Version no_version{-1};

}  // namespace millrace::storage
