# A server of PostgreSQL for one test, and the connection to it.
add_library(pg_server STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal/pg_server.c)
target_include_directories(pg_server PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal)
target_link_libraries(pg_server PUBLIC base PkgConfig::cmocka)

# The store that the seam is proved by, and a journal in any store.
add_library(journal_stores STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal/memory_store.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal/memory_leases.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal/stores.c)
target_include_directories(journal_stores PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal)
target_link_libraries(journal_stores PUBLIC store_sqlite store_postgres pg_server PkgConfig::cmocka)

# The connection to it.
mailfrom_test(journal/pg USES store_postgres pg_server LIBRARIES m)
mailfrom_test(journal/postgres USES journal_stores)
mailfrom_test(journal/postgres_rights USES journal_stores)
set_tests_properties(journal_pg journal_postgres journal_postgres_rights PROPERTIES TIMEOUT 120)

add_executable(database_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/database_driver.c)
target_link_libraries(database_driver PRIVATE store_postgres)
add_test(NAME journal_database_tls COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/database_tls.py $<TARGET_FILE:database_driver>)
set_tests_properties(journal_database_tls PROPERTIES TIMEOUT 120)

# On every store.
mailfrom_test(scheduler/record_publish USES scheduler)
mailfrom_test(journal/copied USES journal_stores)
mailfrom_test(journal/kept USES journal_stores)
mailfrom_test(journal/orders USES journal_stores)
mailfrom_test(journal/moves USES journal_stores)
mailfrom_test(journal/lost USES journal_stores)
mailfrom_test(journal/published USES journal_stores)
mailfrom_test(journal/sent USES journal_stores)
mailfrom_test(journal/watched USES journal_stores watch)
mailfrom_test(journal/runs USES journal_stores crash_run)

# On every store that workers share.
add_library(journal_shared STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/journal/shared.c)
target_link_libraries(journal_shared PUBLIC journal_stores)
mailfrom_test(journal/leases USES journal_shared)
mailfrom_test(journal/leases_waves USES journal_shared)
mailfrom_test(journal/leases_late USES journal_shared)
mailfrom_test(journal/leases_at_once USES journal_shared)
set_tests_properties(journal_leases_at_once PROPERTIES LABELS "journal;threads") # with ThreadSanitizer too

# Without a store; of SQLite's files.
mailfrom_test(journal/findings USES journal)
mailfrom_test(journal/place USES store_sqlite)
target_link_options(test_journal_place PRIVATE -Wl,--wrap=statfs)
mailfrom_test(journal/crash USES store_sqlite)
mailfrom_test(journal/versions USES store_sqlite)
mailfrom_test(journal/damage USES store_sqlite)
