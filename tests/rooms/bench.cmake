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

# Starts what is measured, and says what it cost.
add_executable(bench_peak ${CMAKE_CURRENT_SOURCE_DIR}/bench/peak.c)

# Keeps the measuring programs from rotting, and the counts of calls within their goals.
add_test(NAME bench_counts COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/bench/figures.py --quick --build ${CMAKE_BINARY_DIR})
set_tests_properties(bench_counts PROPERTIES LABELS release TIMEOUT 300)
