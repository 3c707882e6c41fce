mailfrom_test(evidence/values USES evidence)
mailfrom_test(evidence/pieces USES evidence LIBRARIES PkgConfig::zlib) # packs what is unpacked
mailfrom_out_of_memory_test(evidence/reading_out_of_memory USES evidence LIBRARIES PkgConfig::zlib)

# DMARC aggregate reports: a driver that writes what it read as JSON lines.
add_executable(evidence_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/evidence_driver.c)
target_link_libraries(evidence_driver PRIVATE evidence)
function(mailfrom_evidence_test name)
  add_test(NAME ${name} COMMAND /usr/bin/python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/wire/${name}.py $<TARGET_FILE:evidence_driver> ${ARGN})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

mailfrom_evidence_test(evidence_corpus)
mailfrom_evidence_test(evidence_hostile)
mailfrom_evidence_test(evidence_oracle 2000)

# What is counted of them.
mailfrom_test(evidence/tally USES evidence)
mailfrom_out_of_memory_test(evidence/out_of_memory USES evidence)

# Evidence of a made-up fleet, for judges that are no C programs.
add_executable(evidence_report_driver ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/evidence_report_driver.c)
target_include_directories(evidence_report_driver PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(evidence_report_driver PRIVATE reports PkgConfig::cmocka)
mailfrom_test(reports/evidence USES reports)

# Over ses-sim: a run, and reports of the time before and after it.
add_test(NAME run_evidence COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_evidence.py
  $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> $<$<BOOL:${MAILFROM_POSTGRES}>:${CMAKE_CURRENT_SOURCE_DIR}>
  COMMAND_EXPAND_LISTS)
set_tests_properties(run_evidence PROPERTIES LABELS release TIMEOUT 300)

add_test(NAME "the page of evidence works in Chromium"
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/unit/reports/evidence_browser.py ${CMAKE_BINARY_DIR})
set_tests_properties("the page of evidence works in Chromium" PROPERTIES LABELS release SKIP_RETURN_CODE 77)
