#include "cli/commands/layer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "cli/suggestion.h"
#include "gold/stage/gold_status.h"
#include "layers/layer.h"
#include "layers/log_reader.h"
#include "layers/table_reader.h"

namespace millrace::cli {

std::unique_ptr<layers::LayerReader> open_layer(const Globals& globals, const std::string& layer) {
    if (layer == "bronze")
        return std::make_unique<layers::LogReader>([&globals] { return globals.open_log(); });
    auto table = layers::table_layer(globals.data_directory(), layer);
    if (!table) throw has_no("Millrace", "layer", layer, layers::layer_names());
    return std::make_unique<layers::TableReader>(std::move(*table));
}

TextColumn shown_column(const std::string& layer, const storage::TableColumn& column) {
    const bool is_count = layers::gold_table(layer) && column.type == "BIGINT" && column.name != "sequence";
    return {.name = column.name, .type = column.type, .is_count = is_count};
}

void tell_why_empty(const Globals& globals, const std::string& layer) {
    const auto table = layers::gold_table(layer);
    const std::string why = table ? gold::why_empty(globals.data_directory(), *table) : std::string();
    if (!why.empty()) base::tell(fmt::format("{} is empty: {}\n", layer, why));
}

const storage::TableColumn& column_of(const std::string& layer,
                                      const std::vector<storage::TableColumn>& columns,
                                      const std::string& name) {
    const auto found = std::ranges::find(columns, name, &storage::TableColumn::name);
    if (found != columns.end()) return *found;
    std::vector<std::string> names;
    names.reserve(columns.size());
    for (const auto& column : columns) names.push_back(column.name);
    throw has_no(layer, "column", name, names);
}

}  // namespace millrace::cli
