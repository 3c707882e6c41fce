# DMARC aggregate reports: a driver that writes what it read as JSON lines.
add_executable(evidence_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/evidence_driver.c)
target_link_libraries(evidence_driver PRIVATE evidence)

# What is counted of them.
mailfrom_test(evidence/tally USES evidence)
mailfrom_out_of_memory_test(evidence/out_of_memory USES evidence)

# Evidence of a made-up fleet, for judges that are no C programs.
add_executable(evidence_report_driver ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/evidence_report_driver.c)
target_include_directories(evidence_report_driver PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(evidence_report_driver PRIVATE reports PkgConfig::cmocka)
