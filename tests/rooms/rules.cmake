add_library(scripted_dns STATIC unit/scripted_dns.c)
target_include_directories(scripted_dns PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(scripted_dns PUBLIC dns)

mailfrom_test(rules_dns USES rules scripted_dns)
mailfrom_test(inquiry_limits USES dns scripted_dns)
foreach(test IN ITEMS rules_explain rules_identity rules_name)
  mailfrom_test(${test} USES rules)
endforeach()
