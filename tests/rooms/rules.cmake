add_library(scripted_dns STATIC unit/scripted_dns.c)
target_include_directories(scripted_dns PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(scripted_dns PUBLIC dns)

mailfrom_test(rules_dns USES rules scripted_dns)
