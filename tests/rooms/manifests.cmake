foreach(test IN ITEMS manifests/accounts_from manifests/faults manifests/hostile manifests/load manifests/managed manifests/sources)
  mailfrom_test(${test} USES manifests)
endforeach()
mailfrom_test(manifests/yaml USES manifests LIBRARIES PkgConfig::libcjson)
mailfrom_test(rules/idna_names USES rules)

# Within a second and 64 MB, whatever is in it: the program as it is shipped.
add_test(NAME manifest_bombs COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/manifests/bombs.py $<TARGET_FILE:mailfrom> ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus)
set_tests_properties(manifest_bombs PROPERTIES LABELS release)

add_test(NAME manifest_schema COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/manifests/schema.py ${CMAKE_SOURCE_DIR})

# What editors are told is what the program says.
add_test(NAME manifest_agree COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/manifests/agree.py $<TARGET_FILE:mailfrom> ${CMAKE_SOURCE_DIR} 4)
set_tests_properties(manifest_agree PROPERTIES LABELS release)

add_executable(manifest_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/manifest_bench.c)
target_link_libraries(manifest_bench PRIVATE manifests PkgConfig::yaml_0_1)
