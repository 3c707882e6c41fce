mailfrom_test(evidence/values USES evidence)
mailfrom_test(evidence/pieces USES evidence LIBRARIES PkgConfig::zlib) # packs what is unpacked

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
