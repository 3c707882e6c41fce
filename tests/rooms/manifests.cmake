add_executable(manifest_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/manifest_bench.c)
target_link_libraries(manifest_bench PRIVATE manifests PkgConfig::yaml_0_1)
