#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "gold/gold_tables.h"
#include "serve/sql_view.h"

namespace millrace::api {

/// The tables of live.* that a query may use; all, where there is a comment within a name.
gold::TableSet live_tables(std::string_view query);

/// Adds live.*, whose tables have what gold.*'s have, to SqlViews' views. The references are to the new ones.
std::map<gold::Table, serve::SqlView*> add_live_views(std::vector<serve::SqlView>& views);

}  // namespace millrace::api
