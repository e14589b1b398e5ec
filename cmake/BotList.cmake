# Generates a source file with the patterns of bots' user agents, from the wheel that provides them.
set(bot_list ${PROJECT_BINARY_DIR}/bot_patterns.cc)
file(GLOB bot_wheel ${PROJECT_SOURCE_DIR}/build/venv/lib/python3*/site-packages/crawleruseragents/crawler-user-agents.json)
add_custom_command(
  OUTPUT ${bot_list}
  COMMAND ${PROJECT_SOURCE_DIR}/build/venv/bin/python ${PROJECT_SOURCE_DIR}/scripts/bot_list.py ${bot_list}
  DEPENDS ${PROJECT_SOURCE_DIR}/scripts/bot_list.py ${bot_wheel}
  COMMENT "Listing bots' user agents")
add_custom_target(bot_list DEPENDS ${bot_list})
target_sources(millrace_silver PRIVATE ${bot_list})
