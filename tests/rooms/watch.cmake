# The memory of watching; its rows in a journal are tested with the journal.
add_library(rows_kept STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/watch/rows_kept.c)
target_include_directories(rows_kept PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/watch)
target_link_libraries(rows_kept PUBLIC watch)

add_library(looks STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/watch/looks.c)
target_link_libraries(looks PUBLIC rows_kept)

mailfrom_test(watch/memory USES looks)
mailfrom_test(watch/scripts USES looks)
mailfrom_out_of_memory_test(watch/out_of_memory USES rows_kept)
