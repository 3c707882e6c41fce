# Nothing is ever lost: what docs/RELIABILITY.md promises. Every campaign prints its seed and counts;
# tests/long/crash.sh runs them at full length.
set(crash_folder ${CMAKE_CURRENT_SOURCE_DIR}/crash)

add_library(crash_run STATIC crash/crash_run.c sim/scene.c)
target_include_directories(crash_run PUBLIC ${crash_folder} ${CMAKE_CURRENT_SOURCE_DIR}/sim)
target_link_libraries(crash_run PUBLIC world store_sqlite)

add_executable(power_cut crash/power_cut.c crash/power_mark.c crash/power_vfs.c)
target_link_libraries(power_cut PRIVATE crash_run PkgConfig::sqlite3)
target_link_options(power_cut PRIVATE -Wl,--wrap=place_open,--wrap=pwrite,--wrap=fdatasync,--wrap=place_sync)
add_test(NAME crash_power COMMAND power_cut --every 29)
set_tests_properties(crash_power PROPERTIES LABELS release)

# With sanitizers, for it is they who see a leak.
add_executable(scarce_memory crash/scarce_memory.c)
target_link_libraries(scarce_memory PRIVATE crash_run PkgConfig::sqlite3)
target_link_options(scarce_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc)
add_test(NAME crash_memory COMMAND scarce_memory --seed 12 --every 41)

# Preloaded: a wall clock that a test sets, and clocks that run fast.
add_library(wall_clock MODULE wire/wall_clock.c)

# The programs as they are shipped, killed, starved and interrupted. Each needs both of them.
function(mailfrom_campaign name)
  add_test(NAME crash_${name} COMMAND /usr/bin/python3 -B ${crash_folder}/${name}.py
    $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> ${ARGN})
  set_tests_properties(crash_${name} PROPERTIES LABELS release)
endfunction()

mailfrom_campaign(kill9 $<TARGET_FILE:wall_clock> --seed 1 --rounds 200)
mailfrom_campaign(damage $<TARGET_FILE:wall_clock> --seed 1 --journals 45)
mailfrom_campaign(unmarked --seed 1)
mailfrom_campaign(hidden_sends --seed 1 --calls 2000)
mailfrom_campaign(signals --seed 1 --rounds 50)
mailfrom_campaign(syscalls $<TARGET_FILE:wall_clock> --every 29)
mailfrom_campaign(two_at_once)
mailfrom_campaign(weather $<TARGET_FILE:wall_clock> --seed 1 --rounds 30 --lives 12 --workers 16)
