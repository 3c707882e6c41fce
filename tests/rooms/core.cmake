mailfrom_test(core_budget USES core)
mailfrom_test(core_pace USES core)
mailfrom_test(core_step USES core)
add_subdirectory(sim)
