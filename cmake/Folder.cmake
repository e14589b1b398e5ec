# millrace_folder(NAME USES folder… LINKS target…): one library per folder under src/. USES is the layer rule: a
# source that includes another folder's header without it fails the build (cmake/CheckLayers.cmake).
set_property(GLOBAL PROPERTY MILLRACE_TEST_SOURCES "")

function(millrace_folder name)
  cmake_parse_arguments(FOLDER "" "" "USES;LINKS" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/src/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.h)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/fail_point_on|/fail_point_off)\\.cc$")

  add_library(millrace_${name} STATIC ${sources})
  target_include_directories(millrace_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(used ${FOLDER_USES})
    if(used)
      target_link_libraries(millrace_${name} PUBLIC millrace_${used})
    endif()
  endforeach()
  target_link_libraries(millrace_${name} PUBLIC ${FOLDER_LINKS})
  millrace_check_layers(${name} "${FOLDER_USES}" ${sources} ${headers} ${tests})
  set_property(GLOBAL APPEND PROPERTY MILLRACE_TEST_SOURCES ${tests})
endfunction()

function(millrace_check_layers name uses)
  set(stamp ${PROJECT_BINARY_DIR}/layers/${name})
  string(REPLACE ";" "," allowed "${name};${uses}")
  add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_SOURCE_DIR}/src/${name} "-DALLOWED=${allowed}" -DSTAMP=${stamp} -P
            ${PROJECT_SOURCE_DIR}/cmake/CheckLayers.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/CheckLayers.cmake
    COMMENT "Checking that src/${name} includes only ${allowed}")
  add_custom_target(layers_${name} DEPENDS ${stamp})
  add_dependencies(millrace_${name} layers_${name})
endfunction()

# The commands, for the programs and the unit tests: all of src/cli but main().
function(millrace_cli)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  add_library(millrace_cli OBJECT ${sources})
  target_link_libraries(millrace_cli PUBLIC millrace_pipeline CLI11::CLI11)
  target_compile_definitions(millrace_cli PRIVATE MILLRACE_VERSION="${PROJECT_VERSION}")
  set_property(GLOBAL APPEND PROPERTY MILLRACE_TEST_SOURCES ${tests})
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
  target_link_libraries(millrace_unit_tests PRIVATE millrace_cli GTest::gmock GTest::gtest_main)
  include(GoogleTest)
  add_test(NAME unit COMMAND millrace_unit_tests --gtest_brief=1)
endfunction()
