# Not a test: what a commit costs, and how many there are to a turn.
add_executable(journal_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/journal_bench.c)
target_link_libraries(journal_bench PRIVATE crash_run)
target_link_options(journal_bench PRIVATE -Wl,--wrap=record_digest,--wrap=mark_advance)

# A large journal, for what reads one.
add_executable(journal_fill ${CMAKE_CURRENT_SOURCE_DIR}/bench/journal_fill.c)
target_link_libraries(journal_fill PRIVATE crash_run)

# What an intent costs in a journal that workers share, beside bare libpq.
if(MAILFROM_POSTGRES)
  add_executable(shared_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/shared_bench.c)
  target_link_libraries(shared_bench PRIVATE journal_shared PkgConfig::libpq)
endif()

# What publishing costs, in virtual time.
add_executable(publish_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/publish_bench.c)
target_link_libraries(publish_bench PRIVATE publish world engine scheduler rules dns model base)
add_executable(plan_pace_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/plan_pace_bench.c)
target_link_libraries(plan_pace_bench PRIVATE world engine scheduler calls model base)

# How soon records are noticed, and what their servers get of it, in virtual time.
add_executable(notice_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/notice_bench.c)
target_link_libraries(notice_bench PRIVATE world engine scheduler rules dns model base)
add_test(NAME records_noticed COMMAND notice_bench 4000 10 720 30)

# A plan in the simulated world, in virtual time.
add_executable(plan_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/plan_bench.c)
target_link_libraries(plan_bench PRIVATE manifests store_sqlite world engine scheduler rules model base)

# Starts what is measured, and says what it cost.
add_executable(bench_peak ${CMAKE_CURRENT_SOURCE_DIR}/bench/peak.c)

# Keeps the measuring programs from rotting, and the counts of calls within their goals.
add_test(NAME bench_counts COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/bench/figures.py --quick --build ${CMAKE_BINARY_DIR})
set_tests_properties(bench_counts PROPERTIES LABELS release TIMEOUT 300)

# Preloaded: how often a program asks for memory.
add_library(allocations MODULE bench/allocations.c)

# Ceilings are those of the programs as they are shipped.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_test(NAME bench_ceilings COMMAND /usr/bin/python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/bench/ceilings.py --build ${CMAKE_BINARY_DIR})
  set_tests_properties(bench_ceilings PROPERTIES LABELS release TIMEOUT 300)
endif()
