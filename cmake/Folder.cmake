# millrace_folder(NAME USES folder… LINKS target…) defines one library for a folder under src/, also for a
# subfolder (silver/stage is millrace_silver_stage). USES is the layer rule: a source that includes a header
# of a folder that is not listed fails the build (cmake/CheckLayers.cmake).
set_property(GLOBAL PROPERTY MILLRACE_TEST_SOURCES "")

# The library whose precompiled header the others use.
function(millrace_precompiled)
  # Other than file(WRITE), this leaves an existing file as it is, so that it is not compiled at each start.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cc CONTENT "")
  add_library(millrace_precompiled OBJECT ${PROJECT_BINARY_DIR}/precompiled.cc)
  target_include_directories(millrace_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(millrace_precompiled PRIVATE deps::base deps::arrow)
  target_precompile_headers(millrace_precompiled PRIVATE <precompiled.h>)
endfunction()

function(millrace_library_of folder result)
  string(REPLACE "/" "_" name ${folder})
  set(${result} millrace_${name} PARENT_SCOPE)
endfunction()

function(millrace_folder folder)
  cmake_parse_arguments(FOLDER "" "" "USES;LINKS" ${ARGN})
  millrace_library_of(${folder} library)
  millrace_sources(${folder} sources tests headers)
  list(FILTER sources EXCLUDE REGEX "/fail_point_(on|off)\\.cc$")
  add_library(${library} STATIC ${sources})
  target_include_directories(${library} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(used ${FOLDER_USES})
    millrace_library_of(${used} used_library)
    target_link_libraries(${library} PUBLIC ${used_library})
  endforeach()
  target_link_libraries(${library} PUBLIC ${FOLDER_LINKS})
  target_precompile_headers(${library} REUSE_FROM millrace_precompiled)
  millrace_check_layers(${library} ${folder} "${FOLDER_USES}" ${sources} ${headers} ${tests})
endfunction()

# Returns the sources, tests and headers directly in src/FOLDER, and adds the tests to the unit test program.
function(millrace_sources folder sources tests headers)
  file(GLOB all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cc)
  file(GLOB all_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.h)
  set(all_tests ${all})
  list(FILTER all_tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER all EXCLUDE REGEX "_test\\.cc$")
  # A folder's tests are compiled together, so names without linkage must be unique within the folder only.
  set_source_files_properties(${all_tests} PROPERTIES UNITY_GROUP ${folder})
  set_property(GLOBAL APPEND PROPERTY MILLRACE_TEST_SOURCES ${all_tests})
  set(${sources} ${all} PARENT_SCOPE)
  set(${tests} ${all_tests} PARENT_SCOPE)
  set(${headers} ${all_headers} PARENT_SCOPE)
endfunction()

function(millrace_check_layers library folder uses)
  set(stamp ${PROJECT_BINARY_DIR}/layers/${library})
  string(REPLACE ";" "," allowed "${folder};${uses}")
  add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_SOURCE_DIR}/src/${folder} "-DALLOWED=${allowed}" -DSTAMP=${stamp} -P
            ${PROJECT_SOURCE_DIR}/cmake/CheckLayers.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/CheckLayers.cmake
    COMMENT "Checking that src/${folder} includes only ${allowed}")
  add_custom_target(layers_${library} DEPENDS ${stamp})
  add_dependencies(${library} layers_${library})
endfunction()

# The library of the commands, for the programs and the unit tests: all of src/cli except main().
function(millrace_cli)
  set(cli_sources "")
  foreach(folder cli cli/commands cli/completions cli/output)
    millrace_sources(${folder} sources tests headers)
    list(APPEND cli_sources ${sources})
  endforeach()
  list(FILTER cli_sources EXCLUDE REGEX "/main\\.cc$")
  add_library(millrace_cli OBJECT ${cli_sources})
  target_link_libraries(millrace_cli PUBLIC millrace_demo millrace_pipeline millrace_backup millrace_layers CLI11::CLI11)
  target_precompile_headers(millrace_cli REUSE_FROM millrace_precompiled)
  target_compile_definitions(millrace_cli PRIVATE MILLRACE_VERSION="${PROJECT_VERSION}")
endfunction()

function(millrace_program target)
  cmake_parse_arguments(PROGRAM "" "FAIL_POINTS" "" ${ARGN})
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/cli/main.cc
                                   ${PROJECT_SOURCE_DIR}/src/base/fail_point_${PROGRAM_FAIL_POINTS}.cc)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/cli/main.cc PROPERTIES COMPILE_DEFINITIONS
                                                                               MILLRACE_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${target} PRIVATE millrace_cli)
endfunction()

function(millrace_unit_tests)
  get_property(tests GLOBAL PROPERTY MILLRACE_TEST_SOURCES)
  add_executable(millrace_unit_tests ${tests} ${PROJECT_SOURCE_DIR}/src/base/fail_point_off.cc)
  set_target_properties(millrace_unit_tests PROPERTIES UNITY_BUILD_MODE GROUP)
  target_precompile_headers(millrace_unit_tests PRIVATE <precompiled.h> <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(millrace_unit_tests PRIVATE millrace_cli millrace_python GTest::gmock GTest::gtest_main)
  include(GoogleTest)
  add_test(NAME unit COMMAND millrace_unit_tests --gtest_brief=1)
endfunction()
