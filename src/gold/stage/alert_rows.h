#pragma once

#include <filesystem>
#include <vector>

#include "catalog/data_directory.h"
#include "model/alert.h"
#include "storage/delta_table.h"

namespace millrace::gold {

/// The app ids of two txns of the alerts table. Their versions are the sequence number of the last alert, and
/// that of the last alert that must not be sent to sinks, because a rebuild has made it again.
inline constexpr const char* alerts_app_id = "millrace/gold/alerts";
inline constexpr const char* quiet_app_id = "millrace/gold/alerts/quiet";

/// The root of the alerts table.
std::filesystem::path alerts_path(const catalog::DataDirectory& data);
/// The changes of alerts after a sequence number, in its order.
std::vector<model::Alert> alerts_after(const storage::DeltaTable& table, model::AlertSequence sequence);

}  // namespace millrace::gold
