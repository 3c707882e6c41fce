# DMARC aggregate reports: a driver that writes what it read as JSON lines.
add_executable(evidence_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/evidence_driver.c)
target_link_libraries(evidence_driver PRIVATE evidence)
