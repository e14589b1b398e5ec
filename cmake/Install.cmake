# The files that `cmake --install` installs below the prefix. The program looks for its pages in
# ../share/millrace/web and for DuckDB in ../lib/millrace, so an installation can be moved as a whole
# (docs/install.md).
set_target_properties(millrace PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/millrace")
install(TARGETS millrace RUNTIME DESTINATION bin)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/build/web/ DESTINATION share/millrace/web)
install(PROGRAMS ${MILLRACE_DUCKDB} DESTINATION lib/millrace RENAME duckdb)
if(arrow_library)
  install(FILES ${arrow_library} ${parquet_library} DESTINATION lib/millrace)
endif()

# The program writes the manual pages and completions. The licences come from the packages that it was built with.
set(installed_share ${PROJECT_BINARY_DIR}/share)
configure_file(${PROJECT_SOURCE_DIR}/cmake/InstallScript.cmake.in ${PROJECT_BINARY_DIR}/InstallScript.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/InstallScript.cmake)
install(DIRECTORY ${installed_share}/ DESTINATION share)
install(FILES LICENSE CHANGELOG.md DESTINATION share/doc/millrace)
install(FILES deploy/millrace.env DESTINATION share/doc/millrace/examples)
