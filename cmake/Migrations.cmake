# Puts the SQL files of schemas/postgres/ into a source file, so that the program has them with it.
file(GLOB migrations CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schemas/postgres/*.sql)
list(SORT migrations)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${migrations})
set(entries "")
foreach(path ${migrations})
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} sql)
  string(APPEND entries "        {\"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/postgres_migrations.cc CONTENT
"#include \"serve/postgres_migrations.h\"

namespace millrace::serve {

const std::vector<PostgresMigration>& postgres_migrations() {
    static const std::vector<PostgresMigration> migrations = {
${entries}    };
    return migrations;
}

}  // namespace millrace::serve
" @ONLY)
target_sources(millrace_serve PRIVATE ${PROJECT_BINARY_DIR}/postgres_migrations.cc)
