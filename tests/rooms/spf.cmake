add_library(paper_zone STATIC unit/paper_zone.c)
target_include_directories(paper_zone PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(paper_zone PUBLIC rules)

mailfrom_test(rules/dmarc_cases USES paper_zone)
mailfrom_test(rules/dmarc_suite USES paper_zone LIBRARIES PkgConfig::libcjson)
mailfrom_test(rules/receivers USES paper_zone)
mailfrom_test(rules/spf_cases USES paper_zone)
mailfrom_test(rules/lookup USES rules)
mailfrom_test(rules/near_miss USES rules)
mailfrom_test(rules/spf_grammar USES rules)
mailfrom_test(rules/spf_merge USES rules)
mailfrom_test(rules/spf_random USES rules)
mailfrom_test(rules/spf_suite USES paper_zone LIBRARIES PkgConfig::yaml_0_1)

add_executable(spf_driver wire/spf_driver.c)
target_link_libraries(spf_driver PRIVATE paper_zone)
add_test(NAME spf_oracle
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/wire/spf_oracle.py
          $<TARGET_FILE:spf_driver> 2000)
