# Whole runs: the real programs against ses-sim and a name server on loopback.
function(mailfrom_run_test name)
  add_test(NAME ${name} COMMAND /usr/bin/python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/wire/${name}.py $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim>)
  set_tests_properties(${name} PROPERTIES LABELS release TIMEOUT 300)
endfunction()

mailfrom_out_of_memory_test(plan/file USES plan)
mailfrom_run_test(run_plan_files)
mailfrom_run_test(run_survey)
mailfrom_run_test(run_endpoints)
mailfrom_run_test(run_managed)
mailfrom_run_test(run_near_miss)
mailfrom_run_test(dnssec_knot)
mailfrom_run_test(run_rollback)
mailfrom_run_test(run_journal_copy)
mailfrom_run_test(run_selection)
mailfrom_run_test(run_publish)
mailfrom_run_test(run_examples)
mailfrom_run_test(run_show)
mailfrom_run_test(run_operators)
mailfrom_run_test(run_beside)
if(MAILFROM_POSTGRES)
  # Most of its time is waiting for workers, so three tests share its parts.
  set(parts_1 submitted left_over reviewed damaged)
  set(parts_2 carried nobody_can roles tried_again)
  set(parts_3 of_a_team ordered remembered wrong_input)
  foreach(share IN ITEMS 1 2 3)
    add_test(NAME run_shared_${share} COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_shared.py
      $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> ${parts_${share}})
    set_tests_properties(run_shared_${share} PROPERTIES LABELS release TIMEOUT 300 COST 200)
  endforeach()
endif()
mailfrom_run_test(run_waves)
mailfrom_run_test(run_notify)
mailfrom_run_test(run_watch)
mailfrom_run_test(run_pasted)
mailfrom_run_test(run_lagging)
mailfrom_run_test(run_detach)
mailfrom_run_test(run_outputs)
mailfrom_run_test(run_written)
mailfrom_run_test(run_words)
mailfrom_run_test(run_signals)
set_tests_properties(run_signals PROPERTIES TIMEOUT 300)
mailfrom_run_test(run_crash_safety)
mailfrom_run_test(run_reads_only)
mailfrom_run_test(run_rehearse)
mailfrom_run_test(run_check)
mailfrom_run_test(run_plan_text)
mailfrom_run_test(run_standing)
mailfrom_run_test(run_same_words)
mailfrom_run_test(run_dmarc)
mailfrom_run_test(run_discover)
mailfrom_run_test(run_code)
mailfrom_run_test(run_organization)
mailfrom_run_test(run_read_api)
mailfrom_run_test(run_dkim)
mailfrom_run_test(run_lanes)
mailfrom_run_test(run_old_journal)
mailfrom_run_test(run_lost_records)
mailfrom_run_test(run_callers)
mailfrom_run_test(run_control)
mailfrom_run_test(run_slow_answers)

# With ThreadSanitizer too, whole: writing, being interrupted, reading (all of them: tests/long/sanitizers.sh).
set_tests_properties(run_rollback run_detach run_discover run_notify PROPERTIES LABELS "release;threads")

mailfrom_test(ui/progress_view USES ui)
mailfrom_test(ui/check_written USES ui)
mailfrom_test(ui/trouble_fold USES ui)
mailfrom_test(access/trust USES access)
mailfrom_test(access/provider_lanes USES access)
mailfrom_test(run/put_back USES run)
mailfrom_test(run/unfinished USES run)
mailfrom_test(run/watching USES run world engine)
mailfrom_test(options/advice USES options)
mailfrom_test(options/words USES options)
mailfrom_run_test(run_progress)
mailfrom_run_test(run_live_page)
# Which library versions are tried, by a table of the test's own.
mailfrom_test(ui/library_versions USES base)
target_sources(test_ui_library_versions PRIVATE ${CMAKE_SOURCE_DIR}/cmd/ui/tried.c)

# Credentials: against stand-ins for everything that hands them out, and beside Debian's AWS CLI.
mailfrom_run_test(keys_matrix)
mailfrom_run_test(keys_canary)
mailfrom_run_test(keys_process)
mailfrom_run_test(plain_http)

# Keys that change while a run goes on, and a wall clock that a test sets.
add_test(NAME run_keys COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_keys.py
  $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> $<TARGET_FILE:wall_clock>)
set_tests_properties(run_keys PROPERTIES LABELS release TIMEOUT 300)

# Days of watching, while a script breaks and mends what is watched.
add_test(NAME run_watch_days COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_watch_days.py
  $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> $<TARGET_FILE:wall_clock>)
set_tests_properties(run_watch_days PROPERTIES LABELS release TIMEOUT 300)

# Looks while that clock is wrong.
add_test(NAME run_watch_clock COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_watch_clock.py
  $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> $<TARGET_FILE:wall_clock>)
set_tests_properties(run_watch_clock PROPERTIES LABELS release TIMEOUT 120)

# Days between two looks, by the same clock.
add_test(NAME run_due COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_due.py
  $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> $<TARGET_FILE:wall_clock>)
set_tests_properties(run_due PROPERTIES LABELS release TIMEOUT 300)
