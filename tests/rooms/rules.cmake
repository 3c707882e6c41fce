add_library(scripted_dns STATIC unit/scripted_dns.c)
target_include_directories(scripted_dns PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(scripted_dns PUBLIC dns)

mailfrom_test(rules/dns USES rules scripted_dns)
mailfrom_test(dns/inquiry_limits USES dns scripted_dns)
foreach(test IN ITEMS rules/dmarc_ready rules/explain rules/identity rules/name rules/selection)
  mailfrom_test(${test} USES rules)
endforeach()
mailfrom_test(rules/suffix USES rules LIBRARIES PkgConfig::libpsl) # whose answers are to be had

# The same inquiries of a real name server.
add_executable(inquiry_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/inquiry_driver.c)
target_link_libraries(inquiry_driver PRIVATE dns)
add_test(NAME inquiry_knot COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/inquiry_knot.py $<TARGET_FILE:inquiry_driver>)
