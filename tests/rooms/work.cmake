mailfrom_test(work/lease USES work)
mailfrom_test(work/carriage USES work)
mailfrom_test(work/steered USES work)
mailfrom_test(work/patterns USES work)

# A shared journal in memory, which workers take for one in PostgreSQL.
add_library(work_desk STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/work/desk.c)
target_include_directories(work_desk PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit ${CMAKE_CURRENT_SOURCE_DIR}/unit/work)
target_link_libraries(work_desk PUBLIC work run journal_stores)
mailfrom_test(work/submit USES work_desk)
mailfrom_test(work/worker USES work_desk)
target_link_options(test_work_worker PRIVATE -Wl,--wrap=journal_open_postgres)
# With ThreadSanitizer too.
set_tests_properties(work_worker PROPERTIES LABELS "work;threads")
