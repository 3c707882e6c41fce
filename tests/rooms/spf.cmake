add_library(paper_zone STATIC unit/paper_zone.c)
target_include_directories(paper_zone PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit)
target_link_libraries(paper_zone PUBLIC rules)

mailfrom_test(spf_suite USES paper_zone LIBRARIES PkgConfig::yaml_0_1)
