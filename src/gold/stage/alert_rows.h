#pragma once

#include <filesystem>
#include <vector>

#include "catalog/data_directory.h"
#include "model/alert.h"
#include "storage/delta_table.h"

namespace millrace::gold {

/// The app ids of the alerts table's txns: the last alert's sequence number, and the last one that isn't to
/// be sent, since it was made again.
inline constexpr const char* alerts_app_id = "millrace/gold/alerts";
inline constexpr const char* quiet_app_id = "millrace/gold/alerts/quiet";

/// Where the alerts table lies.
std::filesystem::path alerts_path(const catalog::DataDirectory& data);
/// The changes of alerts after a sequence number, in order.
std::vector<model::Alert> alerts_after(const storage::DeltaTable& table, std::int64_t sequence);
/// All of them.
std::vector<model::Alert> read_alerts(const catalog::DataDirectory& data);

}  // namespace millrace::gold
