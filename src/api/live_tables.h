#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "gold/gold_tables.h"
#include "serve/sql_view.h"

namespace millrace::api {

/// Returns the tables of live.* that a query may use. Returns all of them if a comment splits a table name.
gold::TableSet live_tables(std::string_view query);

/// Returns whether a query may use live.silver. Returns true if a comment splits a table name.
bool uses_live_silver(std::string_view query);

/// Adds the tables live.* to the views of SqlViews. They have the columns and files of gold.*. Returns
/// pointers to the new views, which are valid while no view is added to or removed from `views`.
std::map<gold::Table, serve::SqlView*> add_live_views(std::vector<serve::SqlView>& views);

}  // namespace millrace::api
