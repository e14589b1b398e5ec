# Generates a source file with the SQL files of schemas/FOLDER/. It defines FUNCTION() of serve/sql_files.h.
function(millrace_sql_files folder function)
  file(GLOB paths CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schemas/${folder}/*.sql)
  list(SORT paths)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${paths})
  set(entries "")
  foreach(path ${paths})
    get_filename_component(name ${path} NAME_WE)
    file(READ ${path} sql)
    string(APPEND entries "        {\"${name}\", R\"sql(${sql})sql\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${function}.cc CONTENT
"#include \"serve/sql_files.h\"

namespace millrace::serve {

const std::vector<SqlFile>& ${function}() {
    static const std::vector<SqlFile> files = {
${entries}    };
    return files;
}

}  // namespace millrace::serve
" @ONLY)
  target_sources(millrace_serve PRIVATE ${PROJECT_BINARY_DIR}/${function}.cc)
endfunction()

millrace_sql_files(postgres postgres_migrations)
millrace_sql_files(reports report_queries)
