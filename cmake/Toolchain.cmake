# Warnings, sanitizers, ccache: what every target is compiled with.
set(MILLRACE_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(MILLRACE_FUZZ "Build the libFuzzer targets (clang only)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # With a base folder and without the working directory, another checkout of the same sources is served, too.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                  CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

# Most of a build's time is headers (Arrow, Boost, CLI11), so a folder's sources are compiled ten at a time. The preset
# `edit` compiles them one by one, which is quicker when few have changed.
set(CMAKE_UNITY_BUILD ON CACHE BOOL "Compile a folder's sources together")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers
                    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 warns falsely inside its own headers at -O2 (GCC bugs 105329, 105651).
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  # A source that is included by another one is not the header that this warning takes it for.
  add_compile_options(-Wno-subobject-linkage)
endif()
# simdjson's on-demand parser chooses its instruction set when it is compiled.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(MILLRACE_ARCH haswell CACHE STRING "Oldest processor that the program runs on (-march)")
  add_compile_options(-march=${MILLRACE_ARCH})
endif()
if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O3 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
