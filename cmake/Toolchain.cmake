# Compile options of all targets: warnings, sanitizers, ccache.
set(MILLRACE_SANITIZE "" CACHE STRING "Sanitizers to build with, in the form of -fsanitize=")
option(MILLRACE_FUZZ "Build the libFuzzer targets (clang only)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/scripts/ccache.sh)
endif()

# Headers (Arrow, Boost, CLI11) take most of a build's time, so those that most sources include are precompiled
# (src/precompiled.h), and the sources of a folder are compiled together, up to 25 at a time. The preset `edit`
# compiles them one by one, which is faster if few have changed.
set(CMAKE_UNITY_BUILD ON CACHE BOOL "Compile a folder's sources together")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 25)

# One precompiled header serves all sources, so they all need the options that it depends on.
add_compile_options(-pthread)
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers
                    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 gives false warnings in its own headers at -O2 (GCC bugs 105329, 105651).
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  # In a unity build, this warning mistakes an included source for a header.
  add_compile_options(-Wno-subobject-linkage)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Checks that the mutexes of src/base/thread_annotations.h are held. gcc has no such check.
  add_compile_options(-Wthread-safety -Werror=thread-safety)
endif()
# simdjson's on-demand parser selects its instruction set at compile time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(MILLRACE_ARCH haswell CACHE STRING "Oldest processor that the program runs on (-march)")
  add_compile_options(-march=${MILLRACE_ARCH})
endif()
if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  # Tests leave out what a sanitizer does not allow. Each compiler has macros of its own for it.
  add_compile_definitions(MILLRACE_SANITIZED)
  if(MILLRACE_SANITIZE STREQUAL "thread")
    add_compile_definitions(MILLRACE_THREAD_SANITIZED)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
# The sanitizers' build: without optimization, it compiles in half the time, and its tests take little longer.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
