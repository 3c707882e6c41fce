mailfrom_test(reports/table USES reports)
mailfrom_test(reports/published USES reports)
mailfrom_test(reports/pages USES reports)
mailfrom_test(reports/sarif USES reports)
mailfrom_test(reports/findings USES reports)
mailfrom_test(reports/waiting USES reports)
mailfrom_test(reports/alarm USES reports)
mailfrom_test(reports/dmarc USES reports)
mailfrom_test(reports/live USES reports)
mailfrom_out_of_memory_test(reports/out_of_memory USES reports)
mailfrom_test(reports/records_writers USES reports)

# Reports of made-up fleets, for judges that are no C programs.
add_executable(report_driver ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/report_driver.c)
target_include_directories(report_driver PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(report_driver PRIVATE reports PkgConfig::cmocka)
target_compile_definitions(report_driver PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")

# In a real browser, where one is installed; 77 says that none is.
add_test(NAME "the HTML report works in Chromium"
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/browser.py ${CMAKE_BINARY_DIR})
set_tests_properties("the HTML report works in Chromium" PROPERTIES LABELS release SKIP_RETURN_CODE 77)

add_test(NAME "the live page works in Chromium"
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/live_browser.py ${CMAKE_BINARY_DIR})
set_tests_properties("the live page works in Chromium" PROPERTIES LABELS release SKIP_RETURN_CODE 77)

# What screen readers and keyboards need, told without a browser.
add_test(NAME "the HTML report is accessible"
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/accessible.py ${CMAKE_BINARY_DIR})
set_tests_properties("the HTML report is accessible" PROPERTIES LABELS release TIMEOUT 300)

# Events and figures.
mailfrom_test(reports/event_line USES reports)
mailfrom_test(reports/metrics USES reports)
add_test(NAME promtool_metrics COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/promtool.py $<TARGET_FILE:test_reports_metrics>)
set_tests_properties(promtool_metrics PROPERTIES LABELS release)
