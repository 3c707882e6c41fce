# Nothing is ever lost: what docs/RELIABILITY.md promises. Campaigns print their seed and counts.
set(crash_folder ${CMAKE_CURRENT_SOURCE_DIR}/crash)

add_library(voyage STATIC crash/voyage.c sim/scene.c)
target_include_directories(voyage PUBLIC ${crash_folder} ${CMAKE_CURRENT_SOURCE_DIR}/sim)
target_link_libraries(voyage PUBLIC world journal)

add_executable(power_cut crash/power_cut.c crash/power_vfs.c)
target_link_libraries(power_cut PRIVATE voyage PkgConfig::sqlite3)
add_test(NAME power_cut COMMAND power_cut --every 7)

add_executable(scarce_memory crash/scarce_memory.c)
target_link_libraries(scarce_memory PRIVATE voyage PkgConfig::sqlite3)
target_link_options(scarce_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc)
add_test(NAME scarce_memory COMMAND scarce_memory --every 7)

# The programs as they are shipped, killed, starved and interrupted. Each needs both of them.
function(mailfrom_campaign name)
  add_test(NAME crash_${name} COMMAND /usr/bin/python3 -B ${crash_folder}/${name}.py
    $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> ${ARGN})
  set_tests_properties(crash_${name} PROPERTIES LABELS release)
endfunction()

mailfrom_campaign(kill9 --rounds 500)
